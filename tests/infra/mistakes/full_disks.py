"""A primary's or the store's folder is on a small file system, which fills up under writes."""

import contextlib
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg

from tests.eventually import eventually
from tests.infra.mistakes.changed_drawings import redraw
from tests.infra.mistakes.stage import Stage

_MIB = 1024 * 1024
# The disk watch refuses uploads below twice its bound, and writes below the bound.
FLOOR_MIB = 32
SPARE_MIB = 160
WRITES_MAX = 400
SMALL_FLOOR = {r"free_bytes_min = [0-9_]+": f"free_bytes_min = {FLOOR_MIB * _MIB}"}
_GONE = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError)
_WRITE = """
INSERT INTO public.filler
SELECT decode(string_agg(md5(random()::text), ''), 'hex') FROM generate_series(1, 65536)
"""


def _mount(*words: str) -> None:
    subprocess.run(["mount", *words], check=True, capture_output=True, timeout=30)


def _fill_up(place: Path) -> None:
    with contextlib.suppress(OSError), (place / "big").open("wb") as big:
        for _ in range(2 * SPARE_MIB):
            big.write(b"\0" * _MIB)


def _move_onto(place: Path, elsewhere: Path, size_mib: int) -> None:
    """Copy a folder's contents onto a small file system, mounted in its place."""
    place.rename(elsewhere)
    place.mkdir()
    _mount("-t", "tmpfs", "-o", f"size={size_mib}m", "tmpfs", str(place))
    subprocess.run(["cp", "-a", f"{elsewhere}/.", str(place)], check=True, timeout=60)


def _move_back(place: Path, elsewhere: Path) -> None:
    """Remove the file system and its contents; the next situation restores the folder."""
    subprocess.run(["umount", "-l", str(place)], check=True, timeout=30)
    shutil.rmtree(place)
    shutil.rmtree(elsewhere)


@contextmanager
def _small_disk(stage: Stage, place: Path) -> Iterator[Path]:
    """Put a folder on a file system with SPARE_MIB left, inside the block."""
    elsewhere = place.with_name(f"{place.name}.elsewhere")
    held = sum(file.stat().st_blocks * 512 for file in place.rglob("*") if file.is_file())
    size_mib = held // _MIB + SPARE_MIB
    _move_onto(place, elsewhere, size_mib)
    stage.did(f"{place.name} on a file system of {size_mib} MiB")
    try:
        yield place
    finally:
        stage.infra("down")
        _move_back(place, elsewhere)


async def _fill(stage: Stage, node: str, *, in_spite_of_the_watch: bool) -> str:
    """Write until the server refuses or fails; returns its message."""
    allowed = "off" if in_spite_of_the_watch else "DEFAULT"
    try:
        async with stage.suite().postgres(node) as connection:
            await connection.execute(f"SET default_transaction_read_only = {allowed}")
            await connection.execute("CREATE TABLE IF NOT EXISTS public.filler (chunk bytea)")
            for _ in range(WRITES_MAX):
                await connection.execute(_WRITE)
    except _GONE as error:
        return f"{type(error).__name__}: {error}"
    return "nothing"


def _free(stage: Stage, place: Path) -> None:
    _mount("-o", "remount,size=2g", str(place))
    stage.did("made room")


async def _tidy(stage: Stage, node: str) -> None:
    async with stage.suite().postgres(node) as connection:
        await connection.execute("DROP TABLE IF EXISTS public.filler")


async def a_primary_s_disk_fills_up(stage: Stage) -> None:
    """the disk of users-a fills up under writes, the suite is stopped, and room is made"""
    redraw(stage, SMALL_FLOOR)
    with _small_disk(stage, stage.path("users-a")) as place:
        stage.infra("up")
        async with stage.suite().postgres("users-a") as connection:
            await connection.execute("ALTER SYSTEM SET default_transaction_read_only = 'on'")
            await connection.execute("SELECT pg_reload_conf()")
        stage.did("the watch of disks refuses writes to users-a")
        stage.says(["down"], status=0, words=["nothing runs"])
        _fill_up(place)
        stage.says(["up"], status=1, words=["users-a", "MiB are free", "Make room"])
        (place / "big").unlink()
        _free(stage, place)
        await stage.comes_up()
        await eventually(lambda: _assert_takes_writes(stage, "users-a"))


async def _assert_takes_writes(stage: Stage, node: str) -> None:
    async with stage.suite().postgres(node) as connection:
        assert await connection.fetchval("SHOW default_transaction_read_only") == "off"


async def a_primary_s_disk_is_full_to_the_end(stage: Stage) -> None:
    """the disk of users-a fills up faster than the watch of disks looks, and is freed"""
    redraw(stage, SMALL_FLOOR)
    with _small_disk(stage, stage.path("users-a")) as place:
        stage.infra("up")
        for _ in range(3):
            said = await _fill(stage, "users-a", in_spite_of_the_watch=True)
        stage.did(f"wrote until: {said}")
        stage.says(["status"], status=1, words=["postgres-users-a", "MiB are free"])
        stage.says(["up"], status=1, words=["users-a", "MiB are free", "Make room"])
        _free(stage, place)
        stage.says(["up"], status=0, words=[])
        await _tidy(stage, "users-a")
        await eventually(lambda: _assert_takes_writes(stage, "users-a"))
        await stage.look()


async def a_start_on_a_full_disk(stage: Stage) -> None:
    """the disk of feed-b is full when the suite is started, then freed"""
    redraw(stage, SMALL_FLOOR)
    with _small_disk(stage, stage.path("feed-b")) as place:
        _fill_up(place)
        stage.did("filled it with another file")
        stage.says(["up"], status=1, words=["feed-b", "MiB are free", "Make room"])
        (place / "big").unlink()
        _free(stage, place)
        await stage.comes_up()


async def a_store_s_disk_fills_up(stage: Stage) -> None:
    """the store's disk fills up while the suite runs, and is freed"""
    with _small_disk(stage, stage.folder / "data" / "store") as place:
        stage.infra("up")
        _fill_up(place)
        stage.did("filled the store's file system")
        stage.says(["status"], status=1, words=["for the store", "MiB are free"])
        stage.says(["verify-store"], status=0, words=[])
        stage.says(["down"], status=0, words=[])
        stage.says(["up"], status=1, words=["store", "MiB are free", "Make room"])
        (place / "big").unlink()
        _free(stage, place)
        await stage.comes_up()


FULL_DISKS = [
    a_primary_s_disk_fills_up,
    a_primary_s_disk_is_full_to_the_end,
    a_start_on_a_full_disk,
    a_store_s_disk_fills_up,
]
