"""Both balancers of a public name in a network of their own, with an ACME server beside them."""

import json
import os
import shutil
import signal
import ssl
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from infra.accounts import account_for
from infra.certificates import Authority
from infra.plan.figures import Public
from infra.plan.planning import plan_of
from infra.process import Process
from infra.processes import processes_of
from infra.rendering.files import make_folder
from infra.rendering.nginx import render_nginx
from infra.run_folder import RunFolder
from infra.suite import Suite
from infra.topology import load_topology

DOMAIN = "photos.example.org"
SERVER4, CLIENT4, SERVER6, CLIENT6 = "10.99.2.1", "10.99.2.2", "fd00:99::1", "fd00:99::2"
ACME_PORT, DNS_PORT, CONTROL_PORT = 14000, 8053, 8055
_SERVER_SPACE, _CLIENT_SPACE = "retrato-public", "retrato-phone"
PROGRAMS = ("ip", "lego", "pebble", "pebble-challtestsrv", "nginx")


def missing() -> str:
    """Return what this machine lacks for these tests, or "" if nothing."""
    if os.geteuid() != 0:
        return "root"
    return " ".join(name for name in PROGRAMS if shutil.which(name) is None)


class Edge:
    """Two balancers in a namespace; requests come from another one."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._stack = stack
        self.log = folder / "edge.log"
        public = Public(
            DOMAIN,
            acme_email=f"operator@{DOMAIN}",
            acme_directory=f"https://localhost:{ACME_PORT}/dir",
            acme_ca_file=str(folder / "acme" / "ca.crt"),
        )
        plan = plan_of(replace(load_topology(), public=public))
        self.suite = Suite(plan, RunFolder(folder / "run"), Path("/decoder"), may_make_keys=True)
        for path in (self.suite.folder.root, self.suite.folder.cache, self.suite.folder.etc):
            make_folder(path, account_for("supervisor"), 0o755)
        render_nginx(self.suite)
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def balancers(self) -> list[Process]:
        """The balancers as the supervisor would run them."""
        return [process for process in processes_of(self.suite) if process.kind == "nginx"]

    def start(self, process: Process, *, program: Path | None = None) -> None:
        """Start a balancer without the program that waits for a free address.

        `program` is a copy of nginx, which an installation may replace.
        """
        config, nginx = process.command[3], str(program or process.command[4])
        self._running[process.name] = self.run(nginx, "-e", "stderr", "-c", config)

    def run(self, *words: str, **environment: str) -> subprocess.Popen[bytes]:
        """Start a program beside the balancers; it ends with the test."""
        with self.log.open("ab") as output:
            started = subprocess.Popen(
                ["ip", "netns", "exec", _SERVER_SPACE, *words],
                stdout=output,
                stderr=output,
                env={**os.environ, **environment},
                start_new_session=True,
            )
        self._stack.callback(_end, started)
        return started

    def kill(self, name: str, number: signal.Signals) -> None:
        """Send a signal to a balancer, and SIGKILL to its workers too."""
        whole = number == signal.SIGKILL
        process = self._running[name]
        (os.killpg if whole else os.kill)(process.pid, number)

    def pid(self, name: str) -> int:
        """Return the process id of a balancer's master."""
        return self._running[name].pid

    def curl(self, url: str, *words: str) -> subprocess.CompletedProcess[str]:
        """Ask from the other namespace, in which the name leads here."""
        found = f"{DOMAIN}:80:{SERVER4}", f"{DOMAIN}:443:{SERVER4}"
        resolved = [word for one in found for word in ("--resolve", one)]
        return subprocess.run(
            [
                "ip",
                "netns",
                "exec",
                _CLIENT_SPACE,
                "curl",
                "-sS",
                "-m",
                "10",
                *resolved,
                *words,
                url,
            ],
            check=False,
            capture_output=True,
            text=True,
        )

    @contextmanager
    def asked_meanwhile(
        self, trusted: Path, connections: int
    ) -> Iterator[Callable[[], dict[str, int]]]:
        """Open connections from the other namespace one after another, each with one request."""
        script = Path(__file__).with_name("public_clients.py")
        words = ("python3", str(script), SERVER4, DOMAIN, str(trusted), str(connections))
        with subprocess.Popen(
            ["ip", "netns", "exec", _CLIENT_SPACE, *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as asking:
            assert asking.stdout is not None
            assert asking.stdout.readline() == "asking\n"

            def result() -> dict[str, int]:
                said, _errors = asking.communicate("stop\n", timeout=60)
                counts: dict[str, int] = json.loads(said)
                return counts

            yield result

    def lines(self) -> list[dict[str, str]]:
        """Return the lines of the access log."""
        texts = self.log.read_text(encoding="utf-8").splitlines()
        return [json.loads(text) for text in texts if text.startswith('{"ts"')]


def _end(started: subprocess.Popen[bytes]) -> None:
    started.terminate()
    try:
        started.wait(10)
    except subprocess.TimeoutExpired:
        os.killpg(started.pid, signal.SIGKILL)
        started.wait(10)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


def _join(stack: ExitStack) -> None:
    """Make both namespaces with IPv4 and IPv6 between them."""
    for name in (_SERVER_SPACE, _CLIENT_SPACE):
        _ip("netns", "add", name)
        stack.callback(_ip, "netns", "del", name)
        _ip("-n", name, "link", "set", "lo", "up")
    cable = ("type", "veth", "peer", "phone0", "netns", _CLIENT_SPACE)
    _ip("link", "add", "public0", "netns", _SERVER_SPACE, *cable)
    ends = (
        (_SERVER_SPACE, "public0", SERVER4, SERVER6),
        (_CLIENT_SPACE, "phone0", CLIENT4, CLIENT6),
    )
    for name, device, four, six in ends:
        _ip("-n", name, "address", "add", f"{four}/24", "dev", device)
        _ip("-n", name, "address", "add", f"{six}/64", "dev", device, "nodad")
        _ip("-n", name, "link", "set", device, "up")


@contextmanager
def public_edge() -> Iterator[Edge]:
    """Yield the edge with both balancers running."""
    with ExitStack() as stack:
        # The balancers' accounts cannot enter pytest's folders.
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="retrato-edge-")))
        folder.chmod(0o755)
        _join(stack)
        edge = Edge(folder, stack)
        for process in edge.balancers:
            edge.start(process)
        yield edge


def start_acme_server(edge: Edge, folder: Path) -> Path:
    """Start pebble, which finds the name by a server of its own; returns its root certificate."""
    pair = Authority(folder).server_pair("pebble", ("localhost",))
    config = {
        "listenAddress": f"127.0.0.1:{ACME_PORT}",
        "managementListenAddress": "127.0.0.1:15000",
        "certificate": str(pair.certificate),
        "privateKey": str(pair.key),
        "httpPort": 80,
        "tlsPort": 443,
    }
    file = folder / "pebble.json"
    file.write_text(json.dumps({"pebble": config}))
    edge.run(
        "pebble-challtestsrv",
        f"-defaultIPv4={SERVER4}",
        f"-defaultIPv6={SERVER6}",
        f"-dns01=127.0.0.1:{DNS_PORT}",
        f"-management=127.0.0.1:{CONTROL_PORT}",
        *("-http01=", "-https01=", "-tlsalpn01="),
    )
    edge.run(
        *("pebble", "-config", str(file), "-dnsserver", f"127.0.0.1:{DNS_PORT}"),
        # It refuses nonces and waits at random, unless it is told not to.
        PEBBLE_VA_NOSLEEP="1",
    )
    return folder / "ca.crt"


def in_server_space(words: Sequence[str]) -> list[str]:
    """Return the words of a command that runs beside the balancers."""
    return ["ip", "netns", "exec", _SERVER_SPACE, *words]


def roots_of(edge: Edge, trusted: Path, file: Path) -> None:
    """Write pebble's root of this run, which it makes anew at each start."""
    ssl.create_default_context(cafile=str(trusted))
    done = subprocess.run(
        in_server_space(
            ["curl", "-sS", "--cacert", str(trusted), "https://localhost:15000/roots/0"]
        ),
        check=True,
        capture_output=True,
    )
    file.write_bytes(done.stdout)
