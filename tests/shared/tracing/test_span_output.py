"""Kept frames become spans in files of bounded size."""

import asyncio
import json
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from shared.sql_files import parse_query
from shared.tracing.frames import CALL, NOTES_MAX, REDIS, STATEMENT, Frame
from shared.tracing.span_output import WAITING_NOTES_MAX, SpanFile, SpanOutput
from shared.tracing.spans import resource_of, spans_of
from shared.tracing.trace_context import Parent
from tests.eventually import eventually

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
RESOURCE = resource_of("feed", "feed-1", "1")


def _frame() -> Frame:
    frame = Frame(TRACE, 7, True, True)
    frame.name = "GET /timelines/home"
    frame.origins = (Parent("f" * 32, 9, is_sampled=True),)
    query = parse_query("posts_by_ids", "SELECT * FROM :schema.posts WHERE id = ANY(:ids)")
    now_s = time.perf_counter()
    frame.note(STATEMENT, "feed-a", query.for_schema("shard_0001"), now_s, "")
    frame.note(REDIS, "feed", ("MGET", b"GET"), now_s, "failed")
    frame.note(
        CALL, SimpleNamespace(name="users"), ("POST", "/cards", ["127.0.0.1"]), now_s, "", 11
    )
    frame.ended_s = time.perf_counter()
    return frame


def _lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def test_each_note_is_a_child(tmp_path: Path) -> None:
    file, frame = tmp_path / "feed-1.jsonl", _frame()
    spans = list(spans_of(frame, frame.notes, RESOURCE, with_own=True))
    assert SpanFile(file, 1_000_000).export(spans) is SpanExportResult.SUCCESS
    own, statement, redis, call = _lines(file)
    assert own["name"] == "GET /timelines/home"
    assert own["parent_id"] == f"0x{7:016x}"
    assert own["links"][0]["context"]["trace_id"] == f"0x{'f' * 32}"
    assert [each["name"] for each in (statement, redis, call)] == [
        "feed-a posts_by_ids",
        "redis MGET GET",
        "users POST /cards",
    ]
    assert {each["parent_id"] for each in (statement, redis, call)} == {own["context"]["span_id"]}
    assert call["context"]["span_id"] == f"0x{11:016x}"
    assert redis["status"] == {"status_code": "ERROR", "description": "failed"}


def test_the_files_of_a_process_have_a_bound(tmp_path: Path) -> None:
    bytes_max, frame = 65_536, _frame()
    file = SpanFile(tmp_path / "feed-1.jsonl", bytes_max)
    batch = len(list(spans_of(frame, frame.notes, RESOURCE, with_own=True))) * 1_000
    for _number in range(200):
        file.export(list(spans_of(frame, frame.notes, RESOURCE, with_own=True)))
    sizes = {path.name: path.stat().st_size for path in tmp_path.iterdir()}
    assert set(sizes) == {"feed-1.jsonl", "feed-1.jsonl.1"}
    assert sum(sizes.values()) <= bytes_max + 2 * batch


def test_the_end_of_a_process_writes_what_waits(tmp_path: Path) -> None:
    file, frame = tmp_path / "feed-1.jsonl", _frame()
    output = SpanOutput(lambda: SpanFile(file, 1_000_000), RESOURCE)
    output.start()
    output.take(frame, frame.notes[:1], True)
    output.take(frame, frame.notes[1:], False)
    output.close()
    assert len(_lines(file)) == 4


def test_what_waits_has_a_bound_in_notes() -> None:
    output, frame = SpanOutput(InMemorySpanExporter, RESOURCE), _frame()
    notes = [frame.notes[0]] * NOTES_MAX
    taken = WAITING_NOTES_MAX // NOTES_MAX
    for _number in range(taken + 5):
        output.take(frame, notes, True)
    assert output._waiting.qsize() == taken


def test_what_was_written_makes_room() -> None:
    spans = InMemorySpanExporter()
    output, frame = SpanOutput(lambda: spans, RESOURCE), _frame()
    output.start()

    async def all_was_written() -> None:
        assert output._notes_out == WAITING_NOTES_MAX

    output.take(frame, [frame.notes[0]] * WAITING_NOTES_MAX, False)
    asyncio.run(eventually(all_was_written))
    output.take(frame, frame.notes[:1], False)
    output.close()
    assert len(spans.get_finished_spans()) == WAITING_NOTES_MAX + 1


def test_a_folder_that_is_gone_stops_nothing(tmp_path: Path) -> None:
    def nowhere() -> SpanExporter:
        return SpanFile(tmp_path / "gone" / "feed-1.jsonl", 1_000_000)

    output, frame = SpanOutput(nowhere, RESOURCE), _frame()
    output.start()
    output.take(frame, frame.notes, True)
    output.close()
    assert not list(tmp_path.iterdir())
