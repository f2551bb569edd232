"""Installs the Debian packages that the suite needs, without questions or side effects."""

import importlib.util
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from infra.bootstrap.failures import BootstrapFailure

Say = Callable[[str], None]

_SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_POLICY_FILE = Path("/usr/sbin/policy-rc.d")
_CREATE_CLUSTER_FILE = Path("/etc/postgresql-common/createcluster.conf")
_LIBRARY_FOLDERS = (Path("/usr/lib"), Path("/usr/local/lib"))


@dataclass(frozen=True, slots=True)
class Package:
    """A package, and a check whether its contents are present from any source."""

    name: str
    is_there: Callable[[], bool]


def install_missing_packages(
    say: Say,
    *,
    for_tests: bool = False,
    for_failover: bool = False,
    for_watch: bool = False,
    for_public: bool = False,
) -> None:
    """Install missing packages, as root or by sudo without a password."""
    packages = [*_packages(), *(_packages_of_tests() if for_tests else ())]
    # Tests check the rules with Prometheus's own program.
    packages += _packages_of_watch() if for_watch or for_tests else []
    packages += _packages_of_a_public_machine() if for_public else []
    # An ACME server for tests.
    if for_public and for_tests:
        packages.append(Package("pebble", lambda: _program("pebble")))
    if for_failover:
        packages.append(Package("etcd-server", lambda: _program("etcd")))
    missing = [package.name for package in packages if not package.is_there()]
    if not missing:
        return
    if shutil.which("apt-get") is None:
        raise BootstrapFailure(
            "This machine has no apt-get. Install what these Debian packages hold, then run this"
            f" again: {' '.join(missing)}"
        )
    as_root = _root_prefix(missing)
    say(f"installing Debian packages: {' '.join(missing)}")
    with ExitStack() as stack:
        stack.enter_context(_servers_stay_down(as_root))
        stack.enter_context(_no_default_cluster(as_root))
        _apt(as_root, "update")
        _apt(
            as_root,
            "install",
            "--yes",
            "--no-install-recommends",
            "--option=Dpkg::Options::=--force-confold",
            *missing,
        )
    say("installed; the packages' own services stay down and are not used")


def package_names() -> list[str]:
    """Return the names of the packages that a suite needs, installed or not."""
    return [package.name for package in (*_packages(), *_packages_of_watch())]


def _packages() -> list[Package]:
    return [
        Package("postgresql", lambda: _matches(Path("/usr/lib/postgresql"), "*/bin/postgres")),
        Package("pgbackrest", lambda: _program("pgbackrest")),
        Package("redis-server", lambda: _program("redis-server")),
        Package("nginx-light", lambda: _program("nginx")),
        Package("pdns-server", lambda: _program("pdns_server")),
        Package("pdns-backend-bind", lambda: _library("pdns/libbindbackend.so")),
        # To build pillow-simd, which has no wheels.
        Package("gcc", lambda: _program("gcc")),
        Package("libc6-dev", lambda: Path("/usr/include/stdio.h").exists()),
        Package("libjpeg-dev", lambda: Path("/usr/include/jpeglib.h").exists()),
        Package("libwebp-dev", lambda: Path("/usr/include/webp/encode.h").exists()),
        Package("zlib1g-dev", lambda: Path("/usr/include/zlib.h").exists()),
        Package("python3-dev", lambda: _matches(Path("/usr/include"), "python3.*/Python.h")),
        Package("python3-venv", lambda: importlib.util.find_spec("ensurepip") is not None),
        Package("libseccomp2", lambda: _library("libseccomp.so.2")),
        Package("util-linux", lambda: _program("setpriv")),
        Package("curl", lambda: _program("curl")),
    ]


def _packages_of_watch() -> list[Package]:
    exporters = ("postgres", "redis", "nginx")
    return [
        Package("prometheus", lambda: _program("promtool")),
        Package("prometheus-alertmanager", lambda: _program("prometheus-alertmanager")),
        *(_exporter(name) for name in exporters),
    ]


def _exporter(what: str) -> Package:
    name = f"prometheus-{what}-exporter"
    return Package(name, lambda: _program(name))


def _packages_of_a_public_machine() -> list[Package]:
    return [
        Package("lego", lambda: _program("lego")),
        Package("nftables", lambda: _program("nft")),
        Package("logrotate", lambda: _program("logrotate")),
    ]


def _packages_of_tests() -> list[Package]:
    # Tests of backups' retention change the time, because they cannot wait for days.
    return [Package("faketime", lambda: _program("faketime"))]


def _program(name: str) -> bool:
    return shutil.which(name, path=_SYSTEM_PATH) is not None


def _library(tail: str) -> bool:
    return any(
        _matches(folder, pattern) for folder in _LIBRARY_FOLDERS for pattern in (tail, f"*/{tail}")
    )


def _matches(folder: Path, pattern: str) -> bool:
    return next(folder.glob(pattern), None) is not None


def _root_prefix(missing: list[str]) -> list[str]:
    if os.geteuid() == 0:
        return []
    asks_nothing = ["sudo", "--non-interactive"]
    if (
        shutil.which("sudo")
        and subprocess.run([*asks_nothing, "true"], check=False, capture_output=True).returncode
        == 0
    ):
        return asks_nothing
    raise BootstrapFailure(
        "Some Debian packages are missing, and this user may not install them without a password."
        f" Run this once, then `make up` again:\n  sudo apt-get install {' '.join(missing)}"
    )


def _apt(as_root: list[str], *arguments: str) -> None:
    command = [
        *as_root,
        "env",
        "DEBIAN_FRONTEND=noninteractive",
        "apt-get",
        "--quiet",
        "--option=DPkg::Lock::Timeout=120",
        *arguments,
    ]
    done = subprocess.run(
        command, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if done.returncode:
        tail = "\n".join(done.stdout.splitlines()[-15:])
        raise BootstrapFailure(f"apt-get {arguments[0]} failed:\n{tail}")


@contextmanager
def _servers_stay_down(as_root: list[str]) -> Iterator[None]:
    """Keep Debian from starting the servers that it installs; the suite starts its own."""
    if _POLICY_FILE.exists():
        yield
        return
    _write(as_root, _POLICY_FILE, "#!/bin/sh\nexit 101\n")
    _run(as_root, "chmod", "755", str(_POLICY_FILE))
    try:
        yield
    finally:
        _run(as_root, "rm", "-f", str(_POLICY_FILE))


@contextmanager
def _no_default_cluster(as_root: list[str]) -> Iterator[None]:
    """Keep Debian from creating a database cluster at installation, which nobody would use."""
    if _CREATE_CLUSTER_FILE.exists():
        yield
        return
    _run(as_root, "mkdir", "-p", str(_CREATE_CLUSTER_FILE.parent))
    _write(as_root, _CREATE_CLUSTER_FILE, "create_main_cluster = false\n")
    yield


def _write(as_root: list[str], file: Path, text: str) -> None:
    subprocess.run(
        [*as_root, "tee", str(file)], input=text, text=True, check=True, stdout=subprocess.DEVNULL
    )


def _run(as_root: list[str], *command: str) -> None:
    subprocess.run([*as_root, *command], check=True)
