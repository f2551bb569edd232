"""Starts a process of ours: `python -m shared.launch services.feed.worker`."""

import gc
import sys
from importlib import import_module


def main(module: str) -> None:
    """Import a process's module and run its `main`."""
    # What imports make stays for good. To look through it again and again took an eighth of the
    # start; the server turns this on once all of it is there.
    gc.disable()
    import_module(module).main()


if __name__ == "__main__":
    main(sys.argv[1])
