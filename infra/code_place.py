"""The place of the code that the services' accounts run, which they must be able to read."""

import compileall
import os
import shutil
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from infra.control.failures import SuiteFailure
from infra.run_folder import REPOSITORY, RunFolder, open_to_others

# The operators' page shows what to do, too. It and the process that takes alerts have accounts.
_PACKAGES = (
    *("services", "shared", "infra/ops", "infra/automation", "infra/mail"),
    "docs/operations",
)
# Runs as a file, as the account of a store.
STORE_START = Path("infra/control/store_start.py")
# These run as files too, as the account of the databases.
FENCE = Path("infra/failover/fence.py")
PATRONI_START = Path("infra/failover/patroni_start.py")
# The page of operators is a package below it.
_INFRA = Path("infra/__init__.py")
FILES = (STORE_START, FENCE, PATRONI_START, _INFRA)
_FOLDER_MODE, _FILE_MODE = 0o755, 0o644
_READABLE, _ENTERABLE = 0o004, 0o005
_CACHE = "__pycache__"


def code_folder(folder: RunFolder) -> Path:
    """Return the checkout, or as root its copy in the run folder if others cannot read it."""
    if os.geteuid() != 0 or _others_read(REPOSITORY):
        return REPOSITORY
    return folder.code


def renew_code(folder: RunFolder, *pythons: Path) -> None:
    """As root, copy the code if others cannot read the checkout, and compile it.

    The services cannot write compiled files themselves, and would compile at every start. Raises
    SuiteFailure if an interpreter of `pythons` is closed to the services' accounts.
    """
    if os.geteuid() != 0:
        return
    for python in (Path(sys.executable), *pythons):
        if not open_to_others(python.parent):
            raise SuiteFailure(
                f"{python} is closed to the services' accounts: without RETRATO_PYTHON and"
                " RETRATO_VENV_DIR, `make up` installs one that they can run."
            )
    place = code_folder(folder)
    for package in _PACKAGES:
        if place != REPOSITORY:
            _copy(REPOSITORY / package, place / package)
        # Outdated files only; the modes of compiled files follow those of the sources.
        compileall.compile_dir(place / package, quiet=2)
    if place != REPOSITORY:
        for file in FILES:
            (place / file).parent.mkdir(parents=True, exist_ok=True)
            _copy_file(REPOSITORY / file, place / file)


@cache
def _others_read(checkout: Path) -> bool:
    read = [entry for package in _PACKAGES for entry in _entries(checkout / package)]
    for file in FILES:
        read += [checkout / file, *(checkout / parent for parent in file.parents)]
    return open_to_others(checkout) and all(
        entry.stat().st_mode & (wanted := _ENTERABLE if entry.is_dir() else _READABLE) == wanted
        for entry in read
    )


def _entries(folder: Path) -> Iterator[Path]:
    """Yield a folder and all in it, without compiled files."""
    yield folder
    for path in sorted(folder.iterdir()):
        if path.is_dir() and path.name != _CACHE:
            yield from _entries(path)
        elif path.is_file():
            yield path


def _copy(source: Path, target: Path) -> None:
    """Make `target` equal to `source`; files that are equal already stay as they are."""
    kept = set()
    for entry in _entries(source):
        copy = target / entry.relative_to(source)
        kept.add(copy)
        if entry.is_dir():
            copy.mkdir(parents=True, exist_ok=True)
            copy.chmod(_FOLDER_MODE)
        else:
            _copy_file(entry, copy)
    # Files of an earlier version would still be imported, and run as migrations.
    for path in [path for path in _entries(target) if path not in kept]:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def _copy_file(source: Path, copy: Path) -> None:
    if copy.exists() and _signature(copy) == _signature(source):
        return
    draft = copy.with_name(f"{copy.name}.draft")
    shutil.copy2(source, draft)
    draft.chmod(_FILE_MODE)
    draft.replace(copy)


def _signature(file: Path) -> tuple[int, int]:
    status = file.stat()
    return status.st_mtime_ns, status.st_size
