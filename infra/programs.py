"""Finds the programs that the suite starts on this machine."""

import shutil
import sys
from functools import cache
from pathlib import Path

# The newest version that was tried with our configuration is preferred over newer ones.
_POSTGRES_PREFERRED = "15"
_POSTGRES_ROOT = Path("/usr/lib/postgresql")
_SYSTEM_FOLDERS = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class ProgramMissing(Exception):
    """A program is not installed; the message says what to do."""


@cache
def program(name: str) -> str:
    """Return the absolute path of a program, beside our Python or else on the system."""
    beside = Path(sys.executable).with_name(name)
    if beside.exists():
        return str(beside)
    found = shutil.which(name, path=_SYSTEM_FOLDERS)
    if found is None:
        raise ProgramMissing(f"{name} is not installed: run `make up`, which installs it.")
    return found


@cache
def postgres_program(name: str) -> str:
    """Return the absolute path of a program of PostgreSQL, of version 15 if there are several."""
    versions = sorted(
        (
            folder.name
            for folder in _POSTGRES_ROOT.glob("*/bin/postgres")
            for folder in [folder.parents[1]]
        ),
        key=lambda version: (version == _POSTGRES_PREFERRED, version.zfill(3)),
    )
    if not versions:
        raise ProgramMissing("PostgreSQL is not installed: run `make up`, which installs it.")
    return str(_POSTGRES_ROOT / versions[-1] / "bin" / name)
