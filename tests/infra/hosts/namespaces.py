"""Three hosts and a client as network namespaces on one bridge; each has files of its own."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from infra.hosts.placing import place
from infra.hosts.rendering import render_hosts
from infra.hosts.suites import rendering_suite
from infra.hosts.units import STEPS, step_unit
from infra.run_folder import REPOSITORY
from infra.suite import Suite
from tests.infra.hosts.drawn_hosts import THREE, hosts_file, hosts_text

CLIENT = "client"
_CLIENT_NUMBER = 100
_LIMIT_S = 30.0
_STOP_S = 90.0
_PREPARED_WITHIN_S = 300.0
_RUNNER = Path(__file__).with_name("unit_runner.py")


def may_make_namespaces() -> bool:
    """Whether this user may make network namespaces, and a bridge between them."""
    if os.geteuid() != 0:
        return False
    name = f"rt{os.getpid()}-try"
    made = subprocess.run(["ip", "netns", "add", name], check=False, capture_output=True)
    if made.returncode:
        return False
    _run("ip", "netns", "delete", name)
    return True


class Hosts:
    """The hosts of one suite; `folder` has their files, and must be open to all accounts."""

    def __init__(
        self,
        folder: Path,
        network: str = "10.77.0",
        names: Sequence[str] = THREE,
        code: Path = REPOSITORY,
    ) -> None:
        self.folder = folder
        self.names = tuple(names)
        self.network = network
        self._mark = f"rt{os.getpid()}"
        self._runners: dict[str, subprocess.Popen[bytes]] = {}
        own = f'folder = "{folder}/{{name}}"\n'
        text = hosts_text(names, network=network, own=own)
        self._text = text.replace("[hosts]\n", f'[hosts]\ncode = "{code}"\n', 1)
        (folder / "keys").mkdir(parents=True, exist_ok=True)
        self.drawing = hosts_file(folder, self._text)
        self.suite: Suite = rendering_suite(folder / "keys", self.drawing, limits="loose")

    def make(self) -> None:
        """Make bridge and namespaces."""
        bridge = self._bridge
        _run("ip", "link", "add", bridge, "type", "bridge")
        _run("ip", "link", "set", bridge, "up")
        for number, name in enumerate((*self.names, CLIENT), 1):
            at = _CLIENT_NUMBER if name == CLIENT else number
            self._make_namespace(name, f"{self.network}.{at}/24", number)

    def render(self) -> None:
        """Render the bundles, and put each in its place."""
        for name, bundle in render_hosts(self.suite, self._text).items():
            place(bundle, self.folder / name / "units")

    def start(self) -> None:
        """Start all hosts step by step, as a deployment does."""
        for name in self.names:
            self.boot(name, ())
        for step in STEPS:
            for name in self.names:
                self.tell(name, f"start {step_unit(step)}")
            if step in {"consensus", "data"}:
                self.run_on(self.names[0], sys.executable, "-m", "infra.hosts.first_start", step)

    def boot(self, name: str, steps: Sequence[str] = tuple(STEPS)) -> None:
        """Start a host, with everything as after a boot unless `steps` are fewer."""
        units = self.folder / name / "units"
        units.mkdir(parents=True, exist_ok=True)
        targets = [step_unit(step) for step in steps]
        # Open for both ends, so that neither waits for the other.
        commands = os.open(self.commands(name), os.O_RDWR)
        self._runners[name] = subprocess.Popen(
            [*self.inside(name), sys.executable, str(_RUNNER), str(units), *targets],
            stdin=commands,
            start_new_session=True,
        )
        os.close(commands)

    def commands(self, name: str) -> Path:
        """Return the pipe by which a host's runner takes commands."""
        pipe = self.folder / f"{name}.commands"
        if not pipe.exists():
            os.mkfifo(pipe)
        return pipe

    def run_on(self, name: str, *command: str) -> str:
        """Run a command on a host as an operator would; it fails with all that was said."""
        done = subprocess.run(
            [*self.inside(name), *command],
            cwd=REPOSITORY,
            env={**os.environ, "RETRATO_RUN_DIR": str(self.folder / name)},
            check=False,
            capture_output=True,
            text=True,
            timeout=_PREPARED_WITHIN_S,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def inside(self, name: str) -> list[str]:
        """Return the words before a command that make it run on a host."""
        return ["ip", "netns", "exec", self.namespace(name)]

    def namespace(self, name: str) -> str:
        """Return the name of a host's namespace."""
        return f"{self._mark}-{name}"

    def cut(self, name: str) -> None:
        """Cut a host off from all others; its processes run on."""
        _run("ip", "link", "set", self._link(name), "down")

    def heal(self, name: str) -> None:
        """End a cut."""
        _run("ip", "link", "set", self._link(name), "up")

    def kill(self, name: str) -> None:
        """Kill all processes of a host at once, with its link, as when it loses its power."""
        self.cut(name)
        runner = self._runners.pop(name)
        os.killpg(runner.pid, signal.SIGKILL)
        while pids := self.pids(name):
            for pid in pids:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            with suppress(subprocess.TimeoutExpired):
                runner.wait(0.1)

    def pids(self, name: str) -> list[int]:
        """Return the processes of a host."""
        return [int(word) for word in _run("ip", "netns", "pids", self.namespace(name)).split()]

    def remove(self) -> None:
        """Stop all processes, and remove namespaces and bridge."""
        for name in self._runners:
            self.tell(name, "stop")
        for runner in self._runners.values():
            with suppress(subprocess.TimeoutExpired):
                runner.wait(_STOP_S)
        for name in (*self.names, CLIENT):
            with suppress(AssertionError):
                for pid in self.pids(name):
                    with suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
                _run("ip", "netns", "delete", self.namespace(name))
        with suppress(AssertionError):
            _run("ip", "link", "delete", self._bridge)

    @property
    def _bridge(self) -> str:
        return f"{self._mark}b"

    def _link(self, name: str) -> str:
        return f"{self._mark}v{(*self.names, CLIENT).index(name) + 1}"

    def _make_namespace(self, name: str, address: str, number: int) -> None:
        namespace, link = self.namespace(name), f"{self._mark}v{number}"
        _run("ip", "netns", "add", namespace)
        _run("ip", "link", "add", link, "type", "veth", "peer", "name", "eth0", "netns", namespace)
        _run("ip", "link", "set", link, "master", self._bridge, "up")
        within = self.inside(name)
        _run(*within, "ip", "link", "set", "lo", "up")
        _run(*within, "ip", "address", "add", address, "dev", "eth0")
        _run(*within, "ip", "link", "set", "eth0", "up")

    def tell(self, name: str, command: str) -> None:
        """Give a command to a host's runner."""
        with self.commands(name).open("a", encoding="utf-8") as pipe:
            pipe.write(f"{command}\n")


def _run(*command: str) -> str:
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=_LIMIT_S)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"
    return done.stdout
