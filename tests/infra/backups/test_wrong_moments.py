"""Clocks that are wrong, and moments that nobody can restore to."""

import shutil
from datetime import UTC, datetime, timedelta

import pytest

from infra.backups import pgbackrest
from infra.backups.commands import parsed_moment
from infra.backups.restorable import repository_in
from infra.backups.rounds import Rounds
from infra.backups.source import own_source
from infra.backups.state import Mark, Reach
from infra.backups.subprocesses import BackupFailure
from infra.programs import program
from infra.rendering.backups import work_folder
from tests.suite import Suite

NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)


@pytest.mark.parametrize("text", ["noon", "2026-11-29 25:00:00", "12:00", "2026-13-01", "\n", "\0"])
def test_what_is_no_moment_is_said(text: str) -> None:
    with pytest.raises(BackupFailure, match="AT= wants a moment"):
        parsed_moment(text)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-29 12:00:00", NOON),
        ("2026-11-29T12:00:00Z", NOON),
        ("2026-11-29 13:00:00+01:00", NOON),
        ("2026-11-29", NOON - timedelta(hours=12)),
    ],
)
def test_a_moment_is_in_utc_unless_it_says_otherwise(text: str, moment: datetime) -> None:
    assert parsed_moment(text) == moment


async def test_no_mark_is_set_while_the_clock_is_behind_the_last_one(data_suite: Suite) -> None:
    async with own_source(data_suite.on_disk) as source:
        rounds = Rounds(data_suite.on_disk, source.place, source.bucket)
        rounds.mark = Mark({"users-a": Reach(NOON, NOON, "0" * 24)})
        assert await rounds._reached(NOON - timedelta(hours=1)) == {}
        (sentence,) = rounds.complaints.sentences()
    assert "The clock has gone back behind 2026-11-29 12:00:00 UTC" in sentence


async def test_a_backup_older_than_the_newest_is_refused_with_a_sentence(
    data_suite: Suite, monkeypatch: pytest.MonkeyPatch
) -> None:
    suite = data_suite.on_disk
    wrapper = work_folder(suite) / "earlier"
    async with own_source(suite) as source:
        repository = repository_in(suite, source, suite.topology.postgres_node("users-b"))
        await repository.prepare()
        await repository.take("full")
        wrapper.write_text(
            f'#!/bin/sh\nexec {shutil.which("faketime")} -f -90s {program("pgbackrest")} "$@"\n'
        )
        wrapper.chmod(0o755)
        monkeypatch.setattr(pgbackrest, "program", lambda _name: str(wrapper))
        with pytest.raises(BackupFailure, match="The clock is behind the newest backup"):
            await repository.take("full")
