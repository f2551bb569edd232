"""While one primary cannot archive, the others can be restored to later times."""

from datetime import UTC, datetime

import pytest
from prometheus_client import REGISTRY

from infra.backups import keeper_metrics as metrics
from infra.backups.rounds import Rounds
from infra.backups.source import own_source
from infra.backups.state import read_mark
from infra.backups.subprocesses import BackupFailure
from tests.eventually import eventually
from tests.suite import Suite

IN_TROUBLE = "users-a"


async def test_a_primary_whose_archive_fails_holds_no_other_back(data_suite: Suite) -> None:
    async with own_source(data_suite.on_disk) as source:
        rounds = Rounds(data_suite.on_disk, source.place, source.bucket)
        for node in rounds.primaries:
            await rounds.repository(node).prepare()
        await rounds.round()
        before = await read_mark(source.bucket, source.place)
        assert before is not None
        assert not [said for said in rounds.complaints.sentences() if "marked" in said]
        await _archive_with(data_suite, "false")
        try:
            # A keeper that has just started does not know what was written since the mark.
            again = Rounds(data_suite.on_disk, source.place, source.bucket)
            await again.remember()
            moment = datetime.now(UTC)
            await again.round()
        finally:
            await _archive_with(data_suite, None)
        after = await read_mark(source.bucket, source.place)
        assert after is not None
        for name, reach in after.reaches.items():
            assert (reach.moment > moment) == (name != IN_TROUBLE), name
        assert after.reaches[IN_TROUBLE] == before.reaches[IN_TROUBLE]
        (said,) = [said for said in again.complaints.sentences() if "cannot be marked" in said]
        assert IN_TROUBLE in said
        assert "feed-a" not in said
        await again.round()
        assert not [said for said in again.complaints.sentences() if "cannot be marked" in said]


async def test_what_waits_is_known_while_the_store_is_away(data_suite: Suite) -> None:
    async with own_source(data_suite.on_disk) as source:
        rounds = Rounds(data_suite.on_disk, source.place, source.bucket)
        for node in rounds.primaries:
            await rounds.repository(node).prepare()
            rounds.follow_from(node, "000000010000000000000001")
            metrics.WAITING.labels(node.name).set(-1)
        await rounds.round()
        await data_suite.stop("backup-store")
        try:
            for node in rounds.primaries:
                metrics.WAITING.labels(node.name).set(-1)
            async with rounds.step("archive", "The archive cannot be checked"):
                await rounds.check_archives()
        finally:
            await data_suite.start("backup-store")
        assert any("cannot be checked" in said for said in rounds.complaints.sentences())
        for node in rounds.primaries:
            shown = REGISTRY.get_sample_value(
                "retrato_backup_wal_waiting_bytes", {"primary": node.name}
            )
            assert shown is not None
            assert shown >= 0, node.name


async def test_a_mark_that_was_not_kept_is_made_again(
    data_suite: Suite, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail() -> None:
        raise BackupFailure("It is away.")

    async with own_source(data_suite.on_disk) as source:
        rounds = Rounds(data_suite.on_disk, source.place, source.bucket)
        for node in rounds.primaries:
            await rounds.repository(node).prepare()
        await rounds.round()
        async with data_suite.postgres("feed-a") as connection:
            await connection.execute("CREATE TABLE public.not_kept AS SELECT 1 AS one")
        written_at = datetime.now(UTC)
        with monkeypatch.context() as patch:
            patch.setattr(rounds.photos, "copy_new", fail)
            await rounds.round()
        await rounds.round()
        assert rounds.mark is not None
        assert rounds.mark.reaches["feed-a"].committed_at > written_at


async def _archive_with(data_suite: Suite, command: str | None) -> None:
    """Set another archive command for the primary; None restores its own."""
    async with data_suite.postgres(IN_TROUBLE) as connection:
        own = await connection.fetchval("SHOW archive_command")
        change = f"SET archive_command = '{command}'" if command else "RESET archive_command"
        await connection.execute(f"ALTER SYSTEM {change}")
        await connection.execute("SELECT pg_reload_conf()")

    async def is_so() -> None:
        async with data_suite.postgres(IN_TROUBLE) as connection:
            assert await connection.fetchval("SHOW archive_command") != own

    await eventually(is_so, within_s=30)
