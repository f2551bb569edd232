"""Writes go on while the backup store is down; later a new backup closes the gap in the WAL."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from infra.backups.complaints import backup_lines
from infra.backups.pgbackrest import Backup
from infra.backups.primaries import SEGMENT_BYTES, archive_state, mark_and_switch
from infra.backups.restorable import repository_in
from infra.backups.source import own_source
from infra.backups.state import read_mark
from infra.backups.witness import kept_moments
from tests.eventually import eventually
from tests.infra.backups.drawn_suite import DrawnSuite, drawn_suite
from tests.journeys.phone import phone_of
from tests.suite import Suite

pytestmark = pytest.mark.long

PRIMARY = "users-a"
QUEUE_BYTES = 4 * SEGMENT_BYTES
HEALED_WITHIN_S = 300.0


@pytest.fixture(scope="module")
async def drawn(data_suite: Suite) -> AsyncIterator[DrawnSuite]:
    """A suite with a small bound for waiting WAL, and a first backup of everything."""
    figures = {"wal_waiting_bytes_max": str(QUEUE_BYTES)}
    with drawn_suite(data_suite, "away", figures) as drawn:
        await asyncio.to_thread(drawn.infra, "up")
        await eventually(lambda: _has_digests(drawn), within_s=HEALED_WITHIN_S)
        # A time after the backups, so that WAL dropped later is not needed by them.
        taken_at = datetime.now(UTC)
        await eventually(lambda: _is_well_since(drawn, taken_at), within_s=HEALED_WITHIN_S)
        yield drawn


async def test_writes_go_on_and_what_was_dropped_is_noticed_and_healed(drawn: DrawnSuite) -> None:
    suite, node = drawn.suite, drawn.on_disk.plan.member(PRIMARY)
    fulls = len(await _fulls(drawn))
    await suite.stop("backup-store")
    async with phone_of(suite.public_url, "alice") as alice:
        for _segment in range(3 * QUEUE_BYTES // SEGMENT_BYTES):
            await alice.post("while nothing is kept")
            await mark_and_switch(drawn.on_disk, node, datetime.now(UTC))

    async def is_dropped_to_the_bound() -> None:
        state = await archive_state(drawn.on_disk, node)
        # One more segment is being archived, and one has just been closed.
        assert state.waiting_bytes <= QUEUE_BYTES + 2 * SEGMENT_BYTES
        assert "dropped WAL file" in suite.log_of(f"postgres-{PRIMARY}")

    await eventually(is_dropped_to_the_bound, within_s=HEALED_WITHIN_S)
    # The keeper reports it at the end of its round.
    await eventually(lambda: _says_away(drawn), within_s=HEALED_WITHIN_S)
    back_at = datetime.now(UTC)
    await suite.start("backup-store")
    await eventually(lambda: _says_hole(drawn), within_s=HEALED_WITHIN_S)
    await eventually(lambda: _is_well_since(drawn, back_at), within_s=HEALED_WITHIN_S)
    assert len(await _fulls(drawn)) == fulls + 1


async def test_a_promotion_is_followed_by_a_full_backup_of_its_timeline(drawn: DrawnSuite) -> None:
    promoted_at = datetime.now(UTC)
    await asyncio.to_thread(drawn.infra, "promote", PRIMARY)

    async def has_backup_of_the_new_timeline() -> None:
        assert (await _fulls(drawn))[-1].timeline == 2

    await eventually(has_backup_of_the_new_timeline, within_s=HEALED_WITHIN_S)
    await eventually(lambda: _is_well_since(drawn, promoted_at), within_s=HEALED_WITHIN_S)
    assert "All of it came back." in drawn.infra("restore-drill", "--seed", "1")


async def _has_digests(drawn: DrawnSuite) -> None:
    async with own_source(drawn.on_disk) as source:
        assert await kept_moments(source.bucket, source.place)


async def _says_away(drawn: DrawnSuite) -> None:
    said = await asyncio.to_thread(drawn.infra, "status", status=1)
    assert "does not answer" in said


async def _says_hole(drawn: DrawnSuite) -> None:
    assert any(f"The archive of {PRIMARY} has a hole" in line for line in _said(drawn))
    assert "wal_archive_has_hole" in drawn.suite.log_of("backup-keeper")
    text = await drawn.suite.metrics("backup-keeper")
    counted = f'retrato_backup_wal_holes_total{{primary="{PRIMARY}"}} 1.0'
    assert counted in text


async def _is_well_since(drawn: DrawnSuite, since: datetime) -> None:
    lines, are_well = backup_lines(drawn.on_disk)
    assert are_well, lines
    async with own_source(drawn.on_disk) as source:
        mark = await read_mark(source.bucket, source.place)
    assert mark is not None
    assert mark.moment > since


async def _fulls(drawn: DrawnSuite) -> list[Backup]:
    node = drawn.on_disk.plan.member(PRIMARY)
    async with own_source(drawn.on_disk) as source:
        backups = await repository_in(drawn.on_disk, source, node).backups()
    return [backup for backup in backups if backup.kind == "full"]


def _said(drawn: DrawnSuite) -> list[str]:
    return backup_lines(drawn.on_disk)[0]
