"""Sees which processes still run a program whose file an installation has replaced."""

import contextlib
from pathlib import Path

_GONE = " (deleted)"


def runs_a_replaced_file(pid: int) -> bool:
    """Whether the file of the program has been deleted; False if we may not know."""
    with contextlib.suppress(OSError):
        return str(Path(f"/proc/{pid}/exe").readlink()).endswith(_GONE)
    return False
