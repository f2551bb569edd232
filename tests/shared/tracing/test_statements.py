"""A slow statement is logged by its name, with the request that waited for it."""

import time
from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs

from shared.sql_files import parse_query
from shared.tracing.frames import STATEMENT, Frame, current_frame
from shared.tracing.statements import SlowStatements, note_statement, noted_statement

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
QUERY = parse_query("posts_by_ids", "SELECT * FROM :schema.posts WHERE id = ANY(:ids)")
TEXT = QUERY.for_schema("shard_0001")


@pytest.fixture(autouse=True)
def from_200_ms() -> Iterator[None]:
    SlowStatements.from_s = 0.2
    yield
    SlowStatements.from_s = None


def test_only_a_slow_statement_has_a_line() -> None:
    with capture_logs() as lines:
        note_statement("feed-a", TEXT, time.perf_counter(), "")
        note_statement("feed-a", TEXT, time.perf_counter() - 0.2, "")
    (line,) = lines
    assert (line["event"], line["statement"], line["node"]) == (
        "slow_statement",
        "posts_by_ids",
        "feed-a",
    )
    assert line["ms"] >= 200


def test_without_a_threshold_none_has() -> None:
    SlowStatements.from_s = None
    with capture_logs() as lines:
        note_statement("feed-a", TEXT, time.perf_counter() - 60, "")
    assert lines == []


def test_a_statement_that_fails_is_noted_with_its_fault() -> None:
    frame = Frame(TRACE, 0, False, True)
    token = current_frame.set(frame)
    with pytest.raises(ConnectionError), noted_statement("feed-a", TEXT):
        raise ConnectionError
    current_frame.reset(token)
    ((kind, node, text, _began, _ended, outcome, _span),) = frame.notes
    assert (kind, node, text, outcome) == (STATEMENT, "feed-a", TEXT, "ConnectionError")
