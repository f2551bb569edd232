"""Starts a process of the suite: `python -m shared.launch services.feed.worker`."""

import gc
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

# A starting process yields the processor to serving ones. This is above the services' niceness, 10.
NICENESS = 15
_CAP_SYS_NICE = 23


def main(module: str) -> None:
    """Import a process's module and run its `main`."""
    # Imported objects live as long as the process, so collecting garbage during imports only slows
    # the start. The server turns collection on again.
    gc.disable()
    with _giving_way():
        imported = import_module(module)
    imported.main()


@contextmanager
def _giving_way() -> Iterator[None]:
    """Raise the niceness during the imports, which take about a second of CPU."""
    if not _may_hurry_again():
        yield
        return
    niceness = os.getpriority(os.PRIO_PROCESS, 0)
    os.setpriority(os.PRIO_PROCESS, 0, max(niceness, NICENESS))
    try:
        yield
    finally:
        os.setpriority(os.PRIO_PROCESS, 0, niceness)


def _may_hurry_again() -> bool:
    # Any process may raise its niceness, but only CAP_SYS_NICE allows lowering it again.
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("CapEff:"):
            return bool(int(line.split()[1], 16) >> _CAP_SYS_NICE & 1)
    return False


if __name__ == "__main__":
    main(sys.argv[1])
