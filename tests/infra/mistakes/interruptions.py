"""Commands that are interrupted or killed at various times, or run twice at once."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.control.leftovers import processes_in
from tests.eventually import eventually
from tests.infra.mistakes.stage import Stage

Situation = Callable[[Stage], Awaitable[None]]


@contextmanager
def _under_way(stage: Stage, *arguments: str, until: str) -> Iterator[subprocess.Popen[str]]:
    """Read the command's output up to `until`, or to its end."""
    process = subprocess.Popen(
        stage.command(*arguments),
        cwd=stage.code,
        env=stage.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    try:
        for line in process.stdout:
            if until in line:
                break
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def _cut(command: tuple[str, ...], until: str, number: signal.Signals, *, empty: bool) -> Situation:
    """Signal `command` after it has printed `until`; then the suite must start as usual."""

    # The first start of the data is interrupted; services create no data of their own.
    data_only = ("--data-only",) if empty else ()

    async def situation(stage: Stage) -> None:
        if empty:
            stage.infra("reset", "--yes")
            stage.did("an empty folder")
        elif command[0] != "up":
            stage.infra("up")
        with _under_way(stage, *command, *data_only, until=until) as process:
            process.send_signal(number)
            said, _nothing = process.communicate(timeout=120)
            code = process.returncode
            stage.did(f"{number.name} to `make {command[0]}` once it said {until!r} → {code}")
            if "Traceback" in said:
                stage.record.faults.append(f"a traceback: {said[-600:]}")
        if empty:
            stage.says(["up", *data_only], status=0, words=["everything answers"])
            stage.record.rows_after, stage.record.journey_after = "empty", "nobody yet"
        else:
            await stage.comes_up()

    moment = f"after {until!r}"
    begins = "an empty suite" if empty else "the suite"
    situation.__doc__ = f"{number.name} to `make {command[0]}` of {begins} {moment}"
    situation.__name__ = "_".join(
        [number.name.lower(), command[0], "empty" if empty else "full", *until.split()]
    ).replace(":", "")
    return situation


UP_MOMENTS = ("configuration", "feed-b ", "users-1 ")
FIRST_MOMENTS = ("configuration", "made 6", "applied", "copied")
DOWN_MOMENTS = ("balancers", "gateways", "replicas")
RESTART_MOMENTS = ("feed-1", "feed-2")
NUMBERS = (signal.SIGINT, signal.SIGKILL)
CUTS_OF_UP = [
    *(_cut(("up",), m, n, empty=False) for n in NUMBERS for m in UP_MOMENTS),
    *(_cut(("up",), m, n, empty=True) for n in NUMBERS for m in FIRST_MOMENTS),
]
CUTS_OF_OTHERS = [
    *(_cut(("down",), m, n, empty=False) for n in NUMBERS for m in DOWN_MOMENTS),
    *(_cut(("restart", "feed"), m, n, empty=False) for n in NUMBERS for m in RESTART_MOMENTS),
]


def _cut_reset(number: signal.Signals, until: str) -> Situation:
    """Signal a reset that has begun to stop or to delete."""

    async def situation(stage: Stage) -> None:
        stage.infra("up")
        with _under_way(stage, "reset", "--yes", until=until) as process:
            if not until:
                await eventually(lambda: _assert_deletes(stage), within_s=90, every_s=0.001)
            process.send_signal(number)
            process.communicate(timeout=120)
        stage.did(f"{number.name} to `make reset` {until or 'as it deletes'}")
        if not (stage.folder / "reset-under-way").exists():
            await stage.comes_up()
            return
        stage.says(["up"], status=1, words=["reset", "was interrupted"])
        stage.says(["reset", "--yes"], status=0, words=[])
        stage.says(["up", "--data-only"], status=0, words=["everything answers"])
        stage.record.rows_after, stage.record.journey_after = "empty", "nobody yet"

    moment = f"after {until!r}" if until else "while it deletes"
    situation.__doc__ = f"{number.name} to `make reset` {moment}"
    situation.__name__ = f"{number.name.lower()}_reset_{until or 'deleting'}"
    return situation


def _assert_deletes(stage: Stage) -> None:
    assert (stage.folder / "reset-under-way").exists()


CUTS_OF_RESET = [_cut_reset(n, m) for n in NUMBERS for m in ("balancers", "databases", "")]


async def down_during_up(stage: Stage) -> None:
    """`make down` while `make up` is under way"""
    with _under_way(stage, "up", until="dns ") as process:
        stage.says(["down"], status=1, words=["`make up` (pid", "since", "is at work"])
        said, _nothing = process.communicate(timeout=120)
    if "everything answers" not in said:
        stage.record.faults.append(f"the first one ended with {said[-200:]}")
    await stage.look()


async def up_twice_at_once(stage: Stage) -> None:
    """`make up` twice at once"""
    with _under_way(stage, "up", until="dns ") as process:
        stage.says(["up"], status=1, words=["`make up` (pid", "is at work"])
        process.communicate(timeout=120)
    await stage.look()


async def the_supervisor_is_frozen(stage: Stage) -> None:
    """the supervisor is frozen, then goes on"""
    stage.infra("up")
    pid = int((stage.folder / "supervisor.pid").read_text(encoding="ascii"))
    os.kill(pid, signal.SIGSTOP)
    stage.did("SIGSTOP to the supervisor")
    stage.says(["up"], status=1, words=[f"pid {pid}", "kill -CONT"])
    os.kill(pid, signal.SIGCONT)
    stage.says(["up"], status=0, words=["it is up already"])
    await stage.look()


async def the_supervisor_is_frozen_and_stopped(stage: Stage) -> None:
    """the supervisor is frozen, and `make down` ends it"""
    stage.infra("up")
    pid = int((stage.folder / "supervisor.pid").read_text(encoding="ascii"))
    os.kill(pid, signal.SIGSTOP)
    stage.did("SIGSTOP to the supervisor")
    stage.says(["down"], status=0, words=["nothing runs"])
    await stage.comes_up()


async def the_supervisor_is_killed(stage: Stage) -> None:
    """the supervisor is killed while everything runs"""
    stage.infra("up")
    pid = int((stage.folder / "supervisor.pid").read_text(encoding="ascii"))
    os.kill(pid, signal.SIGKILL)
    stage.did("SIGKILL to the supervisor")
    await stage.comes_up()


def _kill_all(stage: Stage) -> None:
    for pid in stage.pids():
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGKILL)


async def everything_is_killed(stage: Stage) -> None:
    """every process is killed at once, as when the machine's power fails"""
    stage.infra("up")
    _kill_all(stage)
    stage.did("SIGKILL to every process")
    await stage.comes_up()


async def killed_and_a_log_segment_is_lost(stage: Stage) -> None:
    """everything is killed, and the newest log segments of users-a are lost"""
    stage.infra("up")
    async with stage.suite().postgres("users-a") as connection:
        await connection.execute("CREATE TABLE shard_0000.later AS SELECT 1 AS one")
        await connection.execute("SELECT pg_switch_wal()")
        await connection.execute("INSERT INTO shard_0000.later VALUES (2)")
        newest = await connection.fetchval("SELECT pg_walfile_name(pg_current_wal_lsn())")
        position = await connection.fetchval("SELECT pg_current_wal_lsn()::text")

    async def replayed() -> None:
        async with stage.suite().postgres("users-a-replica") as replica:
            assert await replica.fetchval(
                "SELECT pg_last_wal_replay_lsn() >= $1::text::pg_lsn", position
            )
            await replica.execute("CHECKPOINT")

    await eventually(replayed)
    _kill_all(stage)
    (stage.path("users-a") / "pg_wal" / newest).unlink()
    stage.did(f"SIGKILL to every process, rm pg_wal/{newest}")
    text = stage.says(["up"], status=1, words=["users-a", "make promote P=users-a"])
    if "lacks the segment" not in text and "older than its replica" not in text:
        stage.record.faults.append("it does not say what is wrong")
    stage.says(["promote", "users-a"], status=0, words=["ids go on from"])
    stage.says(["up"], status=0, words=["everything answers"])
    async with stage.suite().postgres("users-a") as connection:
        if await connection.fetchval("SELECT count(*) FROM shard_0000.later") != 2:
            stage.record.faults.append("what the replica had is missing")
        await connection.execute("DROP TABLE shard_0000.later")
    await stage.look()


async def a_folder_is_deleted_under_a_running_suite(stage: Stage) -> None:
    """the folder of feed-a is deleted while the suite runs; its replica is promoted"""
    stage.infra("up")
    async with stage.suite().postgres("feed-a") as connection:
        before = await connection.fetchval("SELECT shard_0000.next_id()")
    shutil.rmtree(stage.path("feed-a"))
    stage.did("rm -r feed-a while everything runs")
    stage.says(["up"], status=1, words=["feed-a is missing", "make promote P=feed-a"])
    stage.says(["promote", "feed-a"], status=0, words=["takes writes again"])
    async with stage.suite().postgres("feed-a") as connection:
        after = await connection.fetchval("SELECT shard_0000.next_id()")
    if after <= before:
        stage.record.faults.append("ids went back")
    stage.says(["reconcile"], status=0, words=[])
    await stage.look()


async def a_promotion_is_killed(stage: Stage) -> None:
    """SIGKILL to `make promote` once the replica's data has its new place"""
    shutil.rmtree(stage.path("users-b"))
    with _under_way(stage, "promote", "users-b", until="has the place") as process:
        process.kill()
    stage.did("rm -r users-b, SIGKILL to `make promote` half-way")
    stage.says(["up"], status=1, words=["make promote P=users-b"])
    stage.says(["promote", "users-b"], status=0, words=["ids go on from"])
    await stage.comes_up()


async def a_healthy_primary_is_promoted(stage: Stage) -> None:
    """a primary that runs is to be promoted, and its replica is behind"""
    stage.infra("up")
    frozen = _receivers_of(stage, "users-b-replica")
    for pid in frozen:
        os.kill(pid, signal.SIGSTOP)
    async with stage.suite().postgres("users-b") as connection:
        await connection.execute("CREATE TABLE public.later AS SELECT 1 AS one")
    stage.did(f"SIGSTOP to {len(frozen)} process of users-b-replica, wrote to users-b")
    stage.says(["promote", "users-b"], status=1, words=["would be lost", "GIVE_UP=1"])
    async with stage.suite().postgres("users-b") as connection:
        await connection.execute("DROP TABLE public.later")
    await stage.comes_up()


def _receivers_of(stage: Stage, replica: str) -> list[int]:
    """Return the processes that take a replica's log from its primary."""
    return [
        pid
        for pid in processes_in(stage.path(replica))
        if b"walreceiver" in Path(f"/proc/{pid}/cmdline").read_bytes()
    ]


async def a_port_is_taken(stage: Stage) -> None:
    """a port of the suite is taken by another program"""
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind((f"{stage.network}.13.1", 5432))
        taken.listen()
        stage.did("listened at the address of users-a")
        stage.says(["up"], status=1, words=["not free", f"{stage.network}.13.1:5432", "pid"])
    await stage.comes_up()


async def a_redis_log_is_cut(stage: Stage) -> None:
    """the log of a Redis is cut in the middle"""
    stage.infra("up")
    await stage.look()
    stage.infra("down")
    logs = stage.folder.glob("data/redis/users/appendonlydir/*.incr.aof")
    for file in logs:
        os.truncate(file, max(0, file.stat().st_size - 7))
    stage.did("cut the Redis log of users")
    await stage.comes_up()


async def a_redis_log_is_garbled(stage: Stage) -> None:
    """the log of a Redis is garbled"""
    stage.infra("up")
    await stage.look()
    stage.infra("down")
    for file in stage.folder.glob("data/redis/users/appendonlydir/*.incr.aof"):
        file.write_bytes(b"garbage\r\n" * 100 + file.read_bytes())
    stage.did("garbled the Redis log of users")
    stage.says(["up"], status=1, words=["redis-users", "Nothing in redis-users is the only copy"])
    place = stage.folder / "data" / "redis" / "users"
    place.rename(place.with_name("garbled"))
    stage.did("mv data/redis/users away")
    await stage.comes_up()


async def the_lock_says_nonsense(stage: Stage) -> None:
    """a lock file is left over from a crash"""
    (stage.folder / "lock").write_text(json.dumps({"pid": 1}), encoding="utf-8")
    stage.did("left a lock file behind")
    await stage.comes_up()


FROM_STOPPED = [
    *CUTS_OF_UP,
    *CUTS_OF_RESET,
    down_during_up,
    up_twice_at_once,
    a_promotion_is_killed,
    a_port_is_taken,
    the_lock_says_nonsense,
]
FROM_RUNNING = [
    *CUTS_OF_OTHERS,
    the_supervisor_is_frozen,
    the_supervisor_is_frozen_and_stopped,
    the_supervisor_is_killed,
    everything_is_killed,
    killed_and_a_log_segment_is_lost,
    a_healthy_primary_is_promoted,
    a_folder_is_deleted_under_a_running_suite,
    a_redis_log_is_cut,
    a_redis_log_is_garbled,
]
