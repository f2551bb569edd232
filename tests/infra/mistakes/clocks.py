"""One process or command has a clock that is a day off, by libfaketime; all others are right.

The store is not among them: it is a Go program, which asks the kernel past the library.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from infra.control.supervisor import Supervisor
from infra.run_folder import RunFolder
from tests.infra.mistakes.stage import Stage

Situation = Callable[[Stage], Awaitable[None]]
LIBRARY = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"
# Only the time of day is wrong; the monotonic clock, which measures waiting, stays right.
FAKED = {"LD_PRELOAD": LIBRARY, "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
UPKEEP = ("sweep", "verify-store", "reconcile")
# The commands that judge by the clocks of a group's databases.
JUDGES = {"users": {"reconcile"}, "upload": {"sweep", "verify-store", "reconcile"}}
AT_ONCE = {"UPLOAD_ORPHAN_WAIT_HOURS": "0"}


@asynccontextmanager
async def _on_another_clock(stage: Stage, name: str, offset: str) -> AsyncIterator[bool]:
    """Run a process with another clock inside the block; yields whether the process answers."""
    folder = RunFolder(stage.folder)
    supervisor = Supervisor(folder)
    config = folder.etc / "supervisord.conf"
    text = config.read_text(encoding="utf-8")
    words = " ".join(f"{key}={value}" for key, value in {**FAKED, "FAKETIME": offset}.items())
    head, title, tail = text.partition(f"[program:{name}]\ncommand = ")
    assert title, name
    config.write_text(f"{head}{title}/usr/bin/env {words} {tail}", encoding="utf-8")
    suite = stage.suite()
    await suite.stop(name)
    supervisor.reload()
    supervisor.renew(name)
    stage.did(f"{name} on a clock of {offset}")
    try:
        yield await _starts(stage, name)
    finally:
        await suite.stop(name)
        config.write_text(text, encoding="utf-8")
        supervisor.reload()
        supervisor.renew(name)
        stage.did(f"{name} on the right clock")


async def _starts(stage: Stage, name: str) -> bool:
    try:
        await stage.suite().start(name)
    except Exception as error:
        stage.record.said.append(str(error)[:300])
        return False
    return True


async def _ids(stage: Stage, node: str) -> int:
    async with stage.suite().postgres(node) as connection:
        schema = await connection.fetchval(
            "SELECT min(nspname) FROM pg_namespace WHERE nspname ~ '^shard_[0-9]{4}$'"
        )
        return int(await connection.fetchval(f"SELECT {schema}.next_id()"))


def _service(name: str, offset: str) -> Situation:
    """People may be refused, but upkeep removes nothing, and no row changes."""

    async def situation(stage: Stage) -> None:
        objects = _objects(stage)
        async with _on_another_clock(stage, name, offset):
            stage.says(["status"], status=stage.infra("status").returncode, words=[name])
            stage.extra = AT_ONCE
            for command in UPKEEP:
                stage.did(f"`make {command}` → {stage.infra(command).returncode}")
            stage.extra = {}
        await stage.comes_up()
        _compare(stage, objects)

    way = "ahead" if offset.startswith("+") else "behind"
    situation.__doc__ = f"the clock of {name} is a day {way}"
    situation.__name__ = f"clock_of_{name}_{way}".replace("-", "_")
    return situation


def _database(name: str, offset: str) -> Situation:
    """Upkeep that judges by the clock names it and removes nothing, and ids never go back."""

    async def situation(stage: Stage) -> None:
        objects = _objects(stage)
        first = await _ids(stage, name)
        async with _on_another_clock(stage, f"postgres-{name}", offset):
            stage.extra = AT_ONCE
            judges = JUDGES[name.partition("-")[0]]
            for command in UPKEEP:
                words = [f"the clock of {name} is"] if command in judges else []
                stage.says([command], status=len(words), words=words)
            stage.extra = {}
            second = await _ids(stage, name)
        await stage.comes_up()
        third = await _ids(stage, name)
        if not first < second < third:
            stage.record.faults.append(f"ids went back: {first}, {second}, {third}")
        _compare(stage, objects)

    way = "ahead" if offset.startswith("+") else "behind"
    situation.__doc__ = f"the clock of the database {name} is a day {way}"
    situation.__name__ = f"clock_of_{name}_{way}".replace("-", "_")
    return situation


def _command(command: str, offset: str) -> Situation:
    """A command whose own clock is a day off removes nothing, and says why."""

    async def situation(stage: Stage) -> None:
        objects = _objects(stage)
        stage.under = (
            "/usr/bin/env",
            *(f"{k}={v}" for k, v in FAKED.items()),
            f"FAKETIME={offset}",
        )
        stage.extra = AT_ONCE
        stage.did(f"a clock of {offset}")
        stage.says([command], status=1, words=["clock"])
        stage.under, stage.extra = (), {}
        await stage.look()
        _compare(stage, objects)

    way = "ahead" if offset.startswith("+") else "behind"
    situation.__doc__ = f"`make {command}` on a clock that is a day {way}"
    situation.__name__ = f"{command.replace('-', '_')}_a_day_{way}"
    return situation


def _objects(stage: Stage) -> int:
    """Return the number of renditions in the store."""
    count = 0
    for path in (stage.folder / "data" / "store" / "retrato-photos" / "renditions").rglob("*"):
        if path.is_file() and not path.name.startswith("."):
            count += 1
    return count


def _compare(stage: Stage, objects: int) -> None:
    left = _objects(stage)
    if left != objects:
        stage.record.faults.append(f"{objects - left} of {objects} pictures are gone")


OFFSETS = ("+1d", "-1d")
CLOCKS = (
    [
        *(_command(command, o) for command in ("sweep", "reconcile") for o in OFFSETS),
        *(_database(name, o) for name in ("users-a", "upload-b") for o in OFFSETS),
        *(_service(name, o) for name in ("users-1", "upload-worker-1") for o in OFFSETS),
    ]
    if Path(LIBRARY).exists()
    else []
)
