"""A Debian of its own with systemd as its first process, and a guest on the network beside it."""

import json
import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from infra.run_folder import REPOSITORY
from tests.infra.public_neighbour import (
    MAIL_PORT,
    NAME,
    STORE_PORT,
    Neighbour,
    lacking_programs,
)

DOMAIN = "photos.example.org"
MACHINE4, GUEST4, MACHINE6, GUEST6 = "10.99.3.1", "10.99.3.2", "fd00:993::1", "fd00:993::2"
_MACHINE, _GUEST = "retrato-machine", "retrato-guest"
_MADE = Path("/var/tmp/retrato-debian")
_CHECKOUT = "opt/retrato"
_CGROUPS = (Path("/sys/fs/cgroup/unified"), Path("/sys/fs/cgroup"))
_PACKAGES = "systemd,systemd-sysv,dbus,iproute2,ca-certificates,python3,python3-venv,git,make,curl"
_SETTINGS = ("pip_", "ssl_cert", "requests_ca")
_TRUSTED = "etc/ssl/elsewhere.crt"
# What an operator draws, by the lines that it replaces in the topology.
_DRAWN = {
    "[media]": f"""[public]
domain = "{DOMAIN}"
acme_email = "operator@{DOMAIN}"
acme_directory = "https://{NAME}/dir"
acme_ca_file = "/{_TRUSTED}"

[media]""",
    'to = ""': f'to = "operator@{NAME}"',
    'smarthost = "localhost:25"': f'smarthost = "{NAME}:{MAIL_PORT}"',
    'kind = "embedded"\naddress = "7.1"': 'kind = "external"\naddress = "7.1"',
    'endpoint = "https://backup-store.internal:9000"': f'endpoint = "https://{NAME}:{STORE_PORT}"',
    'ca_file = ""': f'ca_file = "/{_TRUSTED}"',
}
_BOOT = Path(__file__).with_name("public_machine_boot.sh")
# Ten minutes: a boot has ended when the whole suite answers, which a busy machine delays.
_BOOT_POLLS_MAX = 6000
_PROBE = """
import socket, sys
try:
    socket.create_connection((sys.argv[1], int(sys.argv[2])), 2).close()
except OSError:
    sys.exit(1)
"""
_LISTEN = """
import socket, sys
door = socket.create_server((sys.argv[1], int(sys.argv[2])))
print(flush=True)
held = []
while True:
    held.append(door.accept())
"""
_SCAN = """
import errno, resource, selectors, socket, sys, time
ports, selector, open_ones = iter(range(1, 65536)), selectors.DefaultSelector(), []
at_once = min(2048, resource.getrlimit(resource.RLIMIT_NOFILE)[0] - 64)
family = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
def end(key):
    selector.unregister(key.fileobj)
    key.fileobj.close()
while True:
    while len(selector.get_map()) < at_once and (port := next(ports, None)):
        one = socket.socket(family)
        one.setblocking(False)
        one.connect_ex((sys.argv[1], port))
        selector.register(one, selectors.EVENT_WRITE, (port, time.monotonic() + 2))
    if not selector.get_map():
        break
    for key, _ in selector.select(0.2):
        if not key.fileobj.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            open_ones.append(key.data[0])
        end(key)
    now = time.monotonic()
    for key in [key for key in selector.get_map().values() if key.data[1] < now]:
        end(key)
print(*sorted(open_ones))
"""


def lacking() -> str:
    """Return what this machine lacks for these tests, or "" if nothing."""
    if os.geteuid() != 0:
        return "root"
    if _cgroups() is None:
        return "control groups of version 2"
    programs = ("ip", "debootstrap", "unshare", "nsenter", "curl")
    absent = [name for name in programs if shutil.which(name) is None]
    return " ".join([*absent, *lacking_programs()])


def _cgroups() -> Path | None:
    return next((one for one in _CGROUPS if (one / "cgroup.procs").exists()), None)


class Machine:
    """The booted Debian."""

    def __init__(self, neighbour: Neighbour) -> None:
        self.neighbour = neighbour
        self._booted: subprocess.Popen[bytes] | None = None

    def boot(self) -> None:
        """Start systemd, and wait until all that it starts at boot has started."""
        cgroups = _cgroups()
        assert cgroups is not None
        self._booted = subprocess.Popen(
            ["bash", str(_BOOT), str(_MADE), str(cgroups / _MACHINE), _MACHINE],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        pause = threading.Event()
        for _ in range(_BOOT_POLLS_MAX):
            state = self.run("systemctl", "is-system-running").stdout.strip()
            if state in {"running", "degraded"}:
                return
            pause.wait(0.1)
        raise AssertionError(f"the machine is {state}")

    def boot_again(self) -> None:
        """End every process at once, as a power cut does, and boot."""
        self.end()
        self.boot()

    def end(self) -> None:
        """End systemd, and with it everything in its namespace."""
        if self._booted is not None:
            os.kill(self._first(), signal.SIGKILL)
            self._booted.wait(60)
            self._booted = None

    def run(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """Run a command on the machine."""
        inside = ["nsenter", f"--target={self._first()}", "--all", "--wdns=/"]
        path = "PATH=/usr/sbin:/usr/bin:/sbin:/bin"
        return subprocess.run(
            [*inside, "env", "-i", "HOME=/root", path, *words],
            check=False,
            capture_output=True,
            text=True,
        )

    def make(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """Run make in the checkout."""
        return self.run("make", "--silent", "--directory", f"/{_CHECKOUT}", *words)

    def running_units(self) -> set[str]:
        """Return the running services of the suite."""
        words = ("list-units", "--plain", "--no-legend", "--state=running", "retrato-*.service")
        return {line.split()[0] for line in self.run("systemctl", *words).stdout.splitlines()}

    def pid_of(self, unit: str) -> int:
        """Return the main process of a unit, 0 if it has none."""
        said = self.run("systemctl", "show", "--property=MainPID", "--value", unit).stdout
        return int(said or 0)

    def connects(self, account: str, address: str, port: int) -> bool:
        """Whether a process of this account can connect."""
        as_account = ("setpriv", f"--reuid={account}", "--clear-groups")
        words = ("python3", "-c", _PROBE, address, str(port))
        return self.run(*as_account, *words).returncode == 0

    def asked_by_guest(self, url: str, address: str) -> str:
        """Return the head of a reply to the guest, who trusts the ACME server's authority."""
        trusted = str(self.neighbour.root_file())
        found = [f"{DOMAIN}:{port}:{address}" for port in (80, 443)]
        resolved = [word for one in found for word in ("--resolve", one)]
        words = ["curl", "-sS", "-m", "5", "-o", "/dev/null", "-D", "-", "--cacert", trusted]
        return _by_guest(*words, *resolved, url).stdout

    def sent_by_guest(self, path: str, document: Mapping[str, str]) -> dict[str, Any]:
        """Return the reply to a document that the guest sends."""
        trusted = str(self.neighbour.root_file())
        words = ["curl", "-sS", "-m", "30", "--cacert", trusted, "-d", json.dumps(document)]
        words += ["-H", "Content-Type: application/json"]
        words += ["--resolve", f"{DOMAIN}:443:{MACHINE4}", f"https://{DOMAIN}{path}"]
        reply: dict[str, Any] = json.loads(_by_guest(*words).stdout)
        return reply

    def serial_for_guest(self) -> str:
        """Return the serial number of the certificate that the guest is shown."""
        words = ("openssl", "s_client", "-connect", f"{MACHINE4}:443", "-servername", DOMAIN)
        shown = _by_guest("sh", "-c", f"{' '.join(words)} </dev/null | openssl x509 -serial -noout")
        return shown.stdout.strip()

    def open_ports_for_guest(self, address: str) -> set[int]:
        """Return the ports that the guest finds open, of all that there are."""
        return {int(port) for port in _by_guest("python3", "-c", _SCAN, address).stdout.split()}

    def file(self, path: str) -> Path:
        """Return a file of the machine, as seen from here."""
        return _MADE / path.lstrip("/")

    @contextmanager
    def guest_listens(self, port: int) -> Iterator[None]:
        """Let somebody on the network take connections."""
        script = _LISTEN
        words = ["ip", "netns", "exec", _GUEST, "python3", "-c", script, GUEST4, str(port)]
        with subprocess.Popen(words, stdout=subprocess.PIPE) as listening:
            assert listening.stdout is not None
            listening.stdout.readline()
            yield
            listening.terminate()

    def _first(self) -> int:
        """Return the process that is the first one of the machine, as seen from here."""
        assert self._booted is not None
        deadline = threading.Event()
        for _ in range(200):
            for child in _descendants(self._booted.pid):
                if Path(f"/proc/{child}/comm").read_text(encoding="utf-8").strip() == "systemd":
                    return child
            deadline.wait(0.05)
        raise AssertionError("systemd does not start")


def _descendants(pid: int) -> Iterator[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    for child in map(int, children):
        yield child
        yield from _descendants(child)


def _by_guest(*words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["ip", "netns", "exec", _GUEST, *words], check=False, capture_output=True, text=True
    )


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


def _join(stack: ExitStack) -> None:
    for name in (_MACHINE, _GUEST):
        _ip("netns", "add", name)
        stack.callback(_ip, "netns", "del", name)
        _ip("-n", name, "link", "set", "lo", "up")
    _ip("link", "add", "m0", "netns", _MACHINE, "type", "veth", "peer", "g0", "netns", _GUEST)
    for name, device, four, six in (
        (_MACHINE, "m0", MACHINE4, MACHINE6),
        (_GUEST, "g0", GUEST4, GUEST6),
    ):
        _ip("-n", name, "address", "add", f"{four}/24", "dev", device)
        _ip("-n", name, "address", "add", f"{six}/64", "dev", device, "nodad")
        _ip("-n", name, "link", "set", device, "up")


def make_debian() -> None:
    """Make the root, once for all runs, and bring it this checkout."""
    if not (_MADE / "etc/debian_version").exists():
        _MADE.mkdir(parents=True, exist_ok=True)
        words = ["debootstrap", "--variant=minbase", f"--include={_PACKAGES}"]
        subprocess.run([*words, "bookworm", str(_MADE)], check=True, capture_output=True)
    _forget_earlier_runs()
    checkout = _MADE / _CHECKOUT
    shutil.rmtree(checkout, ignore_errors=True)
    words = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    files = subprocess.run(words, check=True, capture_output=True, cwd=REPOSITORY).stdout
    for name in filter(None, files.decode().split("\0")):
        if (REPOSITORY / name).exists():
            (checkout / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(REPOSITORY / name, checkout / name)
    topology = checkout / "infra" / "topology.toml"
    text = topology.read_text(encoding="utf-8")
    for former, drawn in _DRAWN.items():
        assert text.count(former) == 1, former
        text = text.replace(former, drawn)
    topology.write_text(text, encoding="utf-8")


def _forget_earlier_runs() -> None:
    """Delete what a suite left there, but for the environments of Python."""
    run_folder, units = _MADE / "var/lib/retrato", _MADE / "etc/systemd/system"
    for path in run_folder.glob("*"):
        if path.is_dir() and not path.name.startswith("venv"):
            shutil.rmtree(path)
        elif not path.is_dir():
            path.unlink()
    for file in (*units.glob("retrato*"), *units.glob("*.wants/retrato*")):
        file.unlink()


def install_packages() -> None:
    """Install Debian's and Python's packages as the first step of `make install` does.

    The booted machine has no way to a registry, so this step uses the network of its host.
    """
    for name in ("etc/resolv.conf", "etc/pip.conf", "etc/ssl/certs/ca-certificates.crt"):
        if Path("/", name).exists():
            shutil.copy(Path("/", name), _MADE / name)
    kept = [
        f"{name}={value}"
        for name, value in os.environ.items()
        if name.lower().startswith(_SETTINGS)
    ]
    script = (
        f'mount -t proc proc {_MADE}/proc; mount --rbind /dev {_MADE}/dev; exec chroot {_MADE} "$@"'
    )
    inside = ["env", "-i", "HOME=/root", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", *kept]
    make = ["make", "-C", f"/{_CHECKOUT}", "place", "ready", "BOOTSTRAP_OPTIONS=--public"]
    subprocess.run(["unshare", "-m", "bash", "-c", script, "bash", *inside, *make], check=True)


@contextmanager
def booted_machine(*, has_packages: bool = True) -> Iterator[Machine]:
    """Yield the machine, booted for the first time, on request without a suite's packages."""
    make_debian()
    if has_packages:
        install_packages()
    with ExitStack() as stack:
        _join(stack)
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="retrato-elsewhere-")))
        neighbour = Neighbour(folder, _GUEST, GUEST4, stack)
        neighbour.start({DOMAIN: (MACHINE4, MACHINE6)})
        shutil.copy(neighbour.authority_file, _MADE / _TRUSTED)
        (_MADE / "etc/resolv.conf").write_text(f"nameserver {GUEST4}\n", encoding="ascii")
        machine = Machine(neighbour)
        stack.callback(machine.end)
        machine.boot()
        yield machine
