"""Wrong clocks, and times to which no restore is possible."""

from datetime import UTC, datetime, timedelta

import pytest

from infra.backups.commands import parsed_moment
from infra.backups.rounds import Rounds
from infra.backups.source import own_source
from infra.backups.state import Mark, Reach
from infra.backups.subprocesses import BackupFailure, meaning_of
from tests.suite import Suite

# Moments that UTC cannot express.
EDGES = ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00")
NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["noon", "2026-11-29 25:00:00", "12:00", "2026-13-01", "\n", "\0", *EDGES]
)
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


def test_a_backup_that_would_be_older_than_the_newest_is_said() -> None:
    # pgBackRest's literal message: it uses the server's clock, which a test cannot set back.
    said = "new backup label '20261129-12F' is not later than latest backup label '20261129-13F'"
    failure = meaning_of(f"ERROR: [038]: {said}", "The backup of users-a")
    assert "The clock is behind the newest backup" in str(failure)
