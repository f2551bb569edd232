"""Starts a process of ours: `python -m shared.launch services.feed.worker`."""

import gc
import sys
from importlib import import_module

# What libraries load wherever it is installed, and a process without a terminal never uses: httpx
# and structlog draw with rich, PyJWT has algorithms that none of our tokens is signed with.
NEVER_USED = ("rich", "cryptography")


def main(module: str) -> None:
    """Import a process's module and run its `main`."""
    # What imports make stays for good. To look through it again and again took an eighth of the
    # start; the server turns this on once all of it is there.
    gc.disable()
    for name in NEVER_USED:
        sys.modules[name] = None  # type: ignore[assignment]  # as if it were not installed
    import_module(module).main()


if __name__ == "__main__":
    main(sys.argv[1])
