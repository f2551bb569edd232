"""`python -m infra` with another topology: `with_topology FILE command …`."""

import sys
from functools import partial
from pathlib import Path

import infra.suite
from infra.cli import main
from infra.topology import load_topology

if __name__ == "__main__":
    file, *arguments = sys.argv[1:]
    infra.suite.load_topology = partial(load_topology, Path(file))  # type: ignore[attr-defined]
    sys.argv = ["infra", *arguments]
    main()
