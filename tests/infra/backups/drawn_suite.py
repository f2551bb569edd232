"""A suite of its own, over another drawing of the topology than the shared one."""

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
    """A suite whose `[backup]` and other figures are drawn otherwise."""

    def __init__(self, folder: Path, network: str, figures: Mapping[str, str]) -> None:
        self.drawing = folder.with_name(f"{folder.name}.toml")
        self.drawing.write_text(_drawn(figures), encoding="utf-8")
        drawn = load_topology(self.drawing, network=network)
        self.suite = Suite(folder, network)
        self.on_disk = replace(
            self.suite.on_disk,
            plan=plan_of(replace(drawn, backup=replace(drawn.backup, enabled=True))),
        )
        # Tests look at it as operators' commands know it: the drawing is part of that.
        self.suite._on_disk = self.on_disk

    def infra(
        self, *arguments: str, status: int = 0, environment: Mapping[str, str] | None = None
    ) -> str:
        """What a command says; the test fails if it ends with another status."""
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
        """The words that start it."""
        module = "tests.infra.mistakes.with_topology"
        return [sys.executable, "-m", module, str(self.drawing), *arguments]

    def environment(self) -> dict[str, str]:
        """What selects this suite."""
        return {
            **os.environ,
            "RETRATO_NET": self.suite.plan.network,
            "RETRATO_RUN_DIR": str(self.suite.run_dir),
            "RETRATO_LIMITS": "loose",
            "RETRATO_BACKUPS": "on",
        }

    def clear(self) -> None:
        """Stop it and remove every trace."""
        if self.suite.run_dir.exists():
            self.infra("reset", "--yes")
            self.suite.run_dir.rmdir()
        self.drawing.unlink(missing_ok=True)


@contextmanager
def drawn_suite(suite: Suite, name: str, figures: Mapping[str, str]) -> Iterator[DrawnSuite]:
    """A suite beside the tests' own, on the network with 100 more."""
    first, second = suite.plan.network.split(".")
    folder = suite.run_dir.with_name(f"{suite.run_dir.name}-{name}")
    drawn = DrawnSuite(folder, f"{first}.{int(second) + 100}", figures)
    try:
        yield drawn
    finally:
        drawn.clear()


def _drawn(figures: Mapping[str, str]) -> str:
    """The drawing with other figures in its section of backups."""
    text = TOPOLOGY_FILE.read_text(encoding="utf-8")
    before, title, section = text.partition("\n[backup]\n")
    for name, value in figures.items():
        section, count = re.subn(rf"(?m)^{name} = .*$", f"{name} = {value}", section, count=1)
        assert count == 1, f"{name} is not drawn"
    return before + title + section
