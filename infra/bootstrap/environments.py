"""Python environments made from a lock; a stamp of the lock makes the second time free."""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from infra.bootstrap.failures import BootstrapFailure

Say = Callable[[str], None]

# Debian's own: users other than root can run it, which a Python in root's closed home is not.
_SYSTEM_PYTHON = Path("/usr/bin/python3")
_STAMP = "installed-from"


def make_environment(folder: Path, locks: Sequence[Path], say: Say) -> None:
    """Make the environment, or bring it up to the last of the locks, which holds the others."""
    stamp_file = folder / _STAMP
    lock = locks[-1]
    if _digest(lock) in _stamps(stamp_file):
        return
    python = folder / "bin" / "python"
    if not _works(python):
        shutil.rmtree(folder, ignore_errors=True)
        _run([str(_base_python()), "-m", "venv", str(folder)], "A Python environment")
    say(f"installing Python packages of {lock.name} into {folder}")
    _run(
        [
            str(python),
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--require-hashes",
            f"--requirement={lock}",
        ],
        "The installation of Python packages",
    )
    # An environment for tests serves `make up` as well, and keeps doing so.
    current = {_digest(file) for file in lock.parent.glob("*.txt")}
    stamps = (_stamps(stamp_file) | {_digest(held) for held in locks}) & current
    stamp_file.write_text("\n".join(sorted(stamps)) + "\n", encoding="ascii")


def _stamps(stamp_file: Path) -> set[str]:
    return set(stamp_file.read_text(encoding="ascii").split()) if stamp_file.exists() else set()


def _digest(lock: Path) -> str:
    return hashlib.sha256(lock.read_bytes()).hexdigest()


def _works(python: Path) -> bool:
    """An environment breaks when the Python that it was made from goes."""
    if not python.exists():
        return False
    done = subprocess.run([str(python), "-m", "pip", "--version"], check=False, capture_output=True)
    return done.returncode == 0


def _base_python() -> Path:
    probe = "import sys, ensurepip; sys.exit(sys.version_info < (3, 11))"
    done = subprocess.run([str(_SYSTEM_PYTHON), "-c", probe], check=False, capture_output=True)
    return _SYSTEM_PYTHON if done.returncode == 0 else Path(sys.executable)


def _run(command: list[str], what: str) -> None:
    done = subprocess.run(
        command,
        check=False,
        env=_build_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        tail = "\n".join(done.stdout.splitlines()[-25:])
        raise BootstrapFailure(f"{what} failed:\n{tail}\nRun the same command again to retry.")


def _build_environment() -> dict[str, str]:
    """pillow-simd resizes with AVX2 only if it is built for it; a Python path would leak in."""
    environment = {**os.environ, "CC": "cc -mavx2"} if _has_avx2() else dict(os.environ)
    environment.pop("PYTHONPATH", None)
    return environment


def _has_avx2() -> bool:
    try:
        return " avx2 " in Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return False
