"""A separate suite with a changed topology, for tests of backups."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from infra.plan.planning import plan_of
from infra.run_folder import REPOSITORY
from infra.topology import TOPOLOGY_FILE, load_topology
from tests.suite import Suite

COMMAND_S = 900.0


class DrawnSuite:
    """A suite whose topology has other values, such as in `[backup]`."""

    def __init__(self, folder: Path, network: str, figures: Mapping[str, str]) -> None:
        self.drawing = folder.with_name(f"{folder.name}.toml")
        self.drawing.write_text(_drawn(figures), encoding="utf-8")
        drawn = load_topology(self.drawing, network=network)
        self.suite = Suite(folder, network)
        self.on_disk = replace(
            self.suite.on_disk,
            plan=plan_of(replace(drawn, backup=replace(drawn.backup, enabled=True))),
        )
        # The tests must see the changed topology too, as operators' commands do.
        self.suite._on_disk = self.on_disk

    def infra(
        self, *arguments: str, status: int = 0, environment: Mapping[str, str] | None = None
    ) -> str:
        """Run a command and return its output; fails the test at another exit status."""
        done = subprocess.run(
            self.command(*arguments),
            cwd=REPOSITORY,
            env={**self.environment(), **(environment or {})},
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=COMMAND_S,
        )
        assert done.returncode == status, f"{arguments}: {done.returncode}\n{done.stdout}"
        return done.stdout

    def command(self, *arguments: str) -> list[str]:
        """Return the command line of an infra command."""
        module = "tests.infra.mistakes.with_topology"
        return [sys.executable, "-m", module, str(self.drawing), *arguments]

    def environment(self) -> dict[str, str]:
        """Return the environment that selects this suite."""
        return {
            **os.environ,
            "RETRATO_NET": self.suite.plan.network,
            "RETRATO_RUN_DIR": str(self.suite.run_dir),
            "RETRATO_LIMITS": "loose",
            "RETRATO_BACKUPS": "on",
        }

    def clear(self) -> None:
        """Stop the suite and delete its folder."""
        if self.suite.run_dir.exists():
            self.infra("reset", "--yes")
            self.suite.run_dir.rmdir()
        self.drawing.unlink(missing_ok=True)


@contextmanager
def drawn_suite(suite: Suite, name: str, figures: Mapping[str, str]) -> Iterator[DrawnSuite]:
    """Yield a suite beside the tests' own, on a network whose number is 100 higher."""
    first, second = suite.plan.network.split(".")
    folder = suite.run_dir.with_name(f"{suite.run_dir.name}-{name}")
    drawn = DrawnSuite(folder, f"{first}.{int(second) + 100}", figures)
    try:
        yield drawn
    finally:
        drawn.clear()


def _drawn(figures: Mapping[str, str]) -> str:
    """Return the topology's text with other values."""
    text = TOPOLOGY_FILE.read_text(encoding="utf-8")
    before, title, section = text.partition("\n[backup]\n")
    for name, value in figures.items():
        section, count = re.subn(rf"(?m)^{name} = .*$", f"{name} = {value}", section, count=1)
        assert count == 1, f"{name} is not in the topology"
    return before + title + section
