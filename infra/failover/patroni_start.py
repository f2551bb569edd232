"""Starts Patroni with a lease below 20 seconds: `python patroni_start.py patroni.yml`.

Patroni raises every shorter lease to 20 seconds, and shortens the others to fit. The topology is
checked by the same rule, without that bound. It runs as a file, in Patroni's own environment.
"""

import sys

from patroni.__main__ import main
from patroni.config import Config

# A private name of Patroni: a test sees that the bound is there, and gone after this.
Config._validate_and_adjust_timeouts = lambda _self, _config: None  # noqa: SLF001

# Patroni starts Postgres through a process that imports this file again.
if __name__ == "__main__":
    sys.exit(main())
