"""Becomes nginx, after ending workers of a killed master that still hold its address."""

import os
import sys
from pathlib import Path

from infra.control.leftovers import end_processes, nginx_pids

_WAIT_S = 3.0


def main(config: str, nginx: str, endpoints: list[str]) -> None:
    """Replace this process by nginx."""
    places = [(place.rpartition(":")[0], int(place.rpartition(":")[2])) for place in endpoints]
    configs = Path(config).parent
    end_processes(nginx_pids(configs, places), timeout_s=_WAIT_S)
    # The working folder tells this suite's nginx from those of other suites.
    os.chdir(configs)
    os.execv(nginx, [nginx, "-e", "stderr", "-c", config])  # noqa: S606 - it is to become nginx


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
