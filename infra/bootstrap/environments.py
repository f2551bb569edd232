"""Creates Python environments from lock files; a stamp of the lock avoids repeated work."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

from infra.bootstrap.failures import BootstrapFailure

Say = Callable[[str], None]

# Debian's Python, which all users can run, unlike a Python in root's closed home.
_SYSTEM_PYTHON = Path("/usr/bin/python3")
_STAMP = "installed-from"
_PINNED = re.compile(r"^[A-Za-z0-9][^\s=]*==", re.MULTILINE)
_NAME_ENDS = re.compile(r"[=<>!~;\[ ]")
SAY_EVERY_S = 3.0
# It has no wheels, so it is built here, with the libraries whose headers are there at that moment.
_BUILT = "pillow-simd"
_WEBP_HEADER = Path("/usr/include/webp/encode.h")


def make_environment(folder: Path, locks: Sequence[Path], say: Say) -> None:
    """Create or update the environment to the last of the locks, which contains the others."""
    stamp_file = folder / _STAMP
    lock = locks[-1]
    python = folder / "bin" / "python"
    if _digest(lock) in _stamps(stamp_file) and _writes_webp(python, lock):
        return
    if not _works(python):
        shutil.rmtree(folder, ignore_errors=True)
        say(f"making a Python environment in {folder}")
        _run([str(_base_python()), "-m", "venv", str(folder)], "A Python environment")
    count = len(_PINNED.findall(lock.read_text(encoding="ascii")))
    say(f"installing the {count} Python packages of {lock.name} into {folder}")
    _install(python, lock, PipProgress(count, say).heard)
    if not _writes_webp(python, lock):
        # Built before libwebp was here, in this environment or in pip's cache of wheels.
        say(f"building {_BUILT} again, with libwebp")
        _pip(python, ["uninstall", "--yes", _BUILT], "The removal of an old build")
        _pip(python, ["cache", "remove", _BUILT.replace("-", "_")], "The removal of an old wheel")
        _install(python, lock, PipProgress(count, say).heard)
    say(f"installed {lock.name}")
    # An environment for tests also serves `make up`, so the stamps of contained locks stay.
    current = {_digest(file) for file in lock.parent.glob("*.txt")}
    stamps = (_stamps(stamp_file) | {_digest(held) for held in locks}) & current
    stamp_file.write_text("\n".join(sorted(stamps)) + "\n", encoding="ascii")


def _install(python: Path, lock: Path, heard: Callable[[str], None]) -> None:
    words = ["install", "--require-hashes", f"--requirement={lock}"]
    _pip(python, words, "The installation of Python packages", heard)


def _pip(
    python: Path, words: list[str], what: str, heard: Callable[[str], None] = lambda _: None
) -> None:
    _run([str(python), "-m", "pip", "--disable-pip-version-check", *words], what, heard)


def _writes_webp(python: Path, lock: Path) -> bool:
    """Whether the environment's Pillow, if it has one, was built with libwebp, if that is here."""
    if f"\n{_BUILT}==" not in lock.read_text(encoding="ascii") or not _WEBP_HEADER.exists():
        return True
    probe = "import sys; from PIL import features; sys.exit(not features.check('webp'))"
    done = subprocess.run([str(python), "-c", probe], check=False, capture_output=True)
    return done.returncode == 0


class PipProgress:
    """Prints the package that pip is working on, at most every SAY_EVERY_S."""

    def __init__(self, count: int, say: Say) -> None:
        self._count = count
        self._say = say
        self._asked: set[str] = set()
        self._said_s = time.monotonic()

    def heard(self, line: str) -> None:
        """Take a line of pip's output."""
        what, _space, rest = line.strip().partition(" ")
        if what == "Collecting":
            self._asked.add(_NAME_ENDS.split(rest)[0])
            if time.monotonic() - self._said_s >= SAY_EVERY_S:
                self._said_s = time.monotonic()
                self._say(f"package {len(self._asked)} of {self._count}: {rest.split(' ')[0]}")
        elif line.startswith(("Building wheels", "Installing collected")):
            words = "building from source" if what == "Building" else "unpacking all of them"
            self._say(f"{words}, which takes a while")


def _stamps(stamp_file: Path) -> set[str]:
    return set(stamp_file.read_text(encoding="ascii").split()) if stamp_file.exists() else set()


def _digest(lock: Path) -> str:
    return hashlib.sha256(lock.read_bytes()).hexdigest()


def _works(python: Path) -> bool:
    """Whether an environment's Python runs; it breaks when its base Python is removed."""
    if not python.exists():
        return False
    done = subprocess.run([str(python), "-m", "pip", "--version"], check=False, capture_output=True)
    return done.returncode == 0


def _base_python() -> Path:
    probe = "import sys, ensurepip; sys.exit(sys.version_info < (3, 11))"
    done = subprocess.run([str(_SYSTEM_PYTHON), "-c", probe], check=False, capture_output=True)
    return _SYSTEM_PYTHON if done.returncode == 0 else Path(sys.executable)


def _run(command: list[str], what: str, heard: Callable[[str], None] = lambda _: None) -> None:
    """Run a command and pass each line of its output to `heard`; raises BootstrapFailure."""
    last_lines: deque[str] = deque(maxlen=25)
    with subprocess.Popen(
        command,
        env=_build_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as running:
        for line in running.stdout or ():
            last_lines.append(line.rstrip())
            heard(line)
    if running.returncode:
        tail = "\n".join(last_lines)
        raise BootstrapFailure(f"{what} failed:\n{tail}\nRun the same command again to retry.")


def _build_environment() -> dict[str, str]:
    """Return the environment of pip: AVX2 for pillow-simd, and no PYTHONPATH."""
    environment = {**os.environ, "CC": "cc -mavx2"} if _has_avx2() else dict(os.environ)
    environment.pop("PYTHONPATH", None)
    return environment


def _has_avx2() -> bool:
    try:
        return " avx2 " in Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return False
