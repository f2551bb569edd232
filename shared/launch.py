"""Starts a process of ours: `python -m shared.launch services.feed.worker`."""

import gc
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

# Where processors are short, those who serve come before who will serve: also the services, which
# run at 10.
NICENESS = 15
_CAP_SYS_NICE = 23


def main(module: str) -> None:
    """Import a process's module and run its `main`."""
    # What imports make stays for good. To look through it again and again took an eighth of the
    # start; the server turns this on once all of it is there.
    gc.disable()
    with _giving_way():
        imported = import_module(module)
    imported.main()


@contextmanager
def _giving_way() -> Iterator[None]:
    """A second of work, beside others that serve: it takes what they leave."""
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
    # Everybody may become nicer, but only who has this capability may take it back.
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("CapEff:"):
            return bool(int(line.split()[1], 16) >> _CAP_SYS_NICE & 1)
    return False


if __name__ == "__main__":
    main(sys.argv[1])
