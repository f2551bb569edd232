"""A separate suite for tests of upkeep in doubt, with its commands as operators run them."""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from infra.run_folder import REPOSITORY
from tests.suite import Suite

COMMAND_SECONDS_MAX = 180
UPKEEP = (
    "reconcile",
    "sweep",
    "verify-store",
    "audit-timelines",
    "rebuild-timelines",
    "migrate",
)


@dataclass(frozen=True, slots=True)
class Said:
    """A command's exit status and its whole output."""

    code: int
    text: str


@dataclass(frozen=True, slots=True)
class Holdings:
    """What the suite holds, by the original shard maps."""

    mirrors: int
    photos: int
    objects: int


class UpkeepSuite:
    """A whole suite in its own folder and on its own network."""

    def __init__(self, suite: Suite) -> None:
        self.suite = suite

    def command(self, *arguments: str, under: tuple[str, ...] = (), **env: str) -> Said:
        """Run a command to its end; `under` is a program that runs it."""
        with self.begun(*arguments, under=under, **env) as child:
            text, _ = child.communicate(timeout=COMMAND_SECONDS_MAX)
        return Said(child.returncode, text)

    @contextmanager
    def begun(
        self, *arguments: str, under: tuple[str, ...] = (), **env: str
    ) -> Iterator["subprocess.Popen[str]"]:
        """Start a command in its own process group, as a terminal does."""
        child = subprocess.Popen(
            [*under, sys.executable, "-m", "infra", *arguments],
            cwd=REPOSITORY,
            env={
                **os.environ,
                "RETRATO_NET": self.suite.plan.network,
                "RETRATO_RUN_DIR": str(self.suite.run_dir),
                "RETRATO_LIMITS": "loose",
                **env,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        try:
            yield child
        finally:
            if child.poll() is None:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()

    def age_objects(self) -> None:
        """Make all objects two hours old, while no process runs that has cached their age."""
        for path in (self.suite.run_dir / "data" / "store").rglob("*"):
            if path.is_file():
                at = path.stat().st_mtime - 7200
                os.utime(path, (at, at))

    def edit_ranges(self) -> None:
        """Replace the shard maps, as if they had been lost and drawn from edited ranges."""
        for file in self._maps():
            shutil.copy2(file, file.with_suffix(".right"))
            drawn = json.loads(file.read_text(encoding="utf-8"))
            drawn["shards"][0]["last"] = 15
            drawn["shards"][1]["first"] = 16
            file.write_text(json.dumps(drawn), encoding="utf-8")

    def put_ranges_back(self) -> None:
        """Restore the original shard maps."""
        for file in self._maps():
            shutil.copy2(file.with_suffix(".right"), file)

    async def holdings(self) -> Holdings:
        """Count the rows on each shard's original primary, and the files of the store."""
        mirrors = photos = 0
        for group in self.suite.plan.groups.values():
            for database in group.databases:
                async with self.suite.postgres(database.name) as connection:
                    for shard in range(database.first_shard, database.last_shard + 1):
                        mirrors += await connection.fetchval(
                            f"SELECT count(*) FROM shard_{shard:04d}.edge_in WHERE state = 'active'"
                        )
                        if group.name == "upload":
                            photos += await connection.fetchval(
                                f"SELECT count(*) FROM shard_{shard:04d}.photo"
                            )
        return Holdings(mirrors, photos, await asyncio.to_thread(self._objects))

    def _objects(self) -> int:
        return sum(path.is_file() for path in self._store().rglob("renditions/*/*"))

    def _store(self) -> Path:
        return self.suite.run_dir / "data" / "store"

    def _maps(self) -> list[Path]:
        return sorted((self.suite.run_dir / "data" / "shard_maps").glob("*.json"))
