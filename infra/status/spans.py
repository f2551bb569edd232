"""Reads the spans of a trace from the files of all processes, and the balancer's from its log."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from infra.foreign_files import foreign_lines

_BALANCERS = "nginx-*.log*"
# No request of ours has a tenth of them.
_SPANS_MAX = 10_000
_NO_SPAN = (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError)


@dataclass(slots=True)
class Span:
    """A span and what it caused, in the order of time; times in milliseconds since the epoch."""

    span_id: str
    parent_id: str | None
    process: str
    name: str
    began_ms: float
    ended_ms: float
    fault: str = ""
    facts: dict[str, Any] = field(default_factory=dict)
    children: list["Span"] = field(default_factory=list)

    @property
    def ms(self) -> float:
        """How long it took."""
        return self.ended_ms - self.began_ms

    def all(self) -> Iterator[tuple[int, "Span"]]:
        """Yield it and all below it, each with its depth."""
        waiting = [(0, self)]
        while waiting:
            depth, span = waiting.pop()
            yield depth, span
            waiting.extend((depth + 1, child) for child in reversed(span.children))


def tree_of(spans: list[Span], balancers: list[Span]) -> list[Span]:
    """Return the roots; a request without a parent is the child of the balancer that passed it on.

    A span whose parent is in no file is a root, too.
    """
    known = {span.span_id: span for span in spans}
    roots: list[Span] = []
    for span in sorted(spans, key=lambda span: span.began_ms):
        parent = known.get(span.parent_id or "")
        if parent is None and span.parent_id is None and span.facts.get("is_server"):
            parent = next((one for one in balancers if _overlaps(one, span)), None)
        (roots if parent is None else parent.children).append(span)
    return sorted([*balancers, *roots], key=lambda span: span.began_ms)


def orphans(spans: list[Span]) -> list[Span]:
    """Return the spans whose parent is in no file."""
    known = {span.span_id for span in spans}
    return [span for span in spans if span.parent_id is not None and span.parent_id not in known]


def spans_in(folder: Path, trace_id: str) -> list[Span]:
    """Return the spans of a trace from all files below the folder, put-aside ones included."""
    found = (
        span
        for file in sorted(folder.glob("*/*.jsonl*"))
        # The account of a role writes its folder, and can only speak for its own processes.
        if file.name.startswith(file.parent.name)
        for line in foreign_lines(file)
        if trace_id in line and (span := _span(line, trace_id, _process_of(file))) is not None
    )
    return list({span.span_id: span for span in islice(found, _SPANS_MAX)}.values())


def _process_of(file: Path) -> str:
    return file.name.partition(".jsonl")[0]


def _span(line: str, trace_id: str, process: str) -> Span | None:
    """Return the span in a line; None for that of another trace, and if it is none."""
    try:
        said = json.loads(line)
        if said["context"]["trace_id"] != f"0x{trace_id}":
            return None  # It only links to the trace.
        facts = {str(name): str(value) for name, value in said["attributes"].items()}
        return Span(
            span_id=said["context"]["span_id"].removeprefix("0x"),
            parent_id=said["parent_id"] and said["parent_id"].removeprefix("0x"),
            process=process,
            name=str(said["name"]),
            began_ms=_ms(said["start_time"]),
            ended_ms=_ms(said["end_time"]),
            fault=str(said["status"].get("description", "")),
            facts={**facts, "is_server": said["kind"] == "SpanKind.SERVER"},
        )
    except _NO_SPAN:  # The last line of a process that was killed, for example.
        return None


def balancer_spans(folder: Path, request_id: str) -> list[Span]:
    """Return a span for each line that a balancer logged about the request."""
    return [
        span
        for file in sorted(folder.glob(_BALANCERS))
        for line in foreign_lines(file)
        if request_id in line and (span := _balancer_span(line, request_id)) is not None
    ]


def _balancer_span(line: str, request_id: str) -> Span | None:
    try:
        said = json.loads(line)
        if said["request_id"] != request_id or said["event"] != "request":
            return None
        return _span_of_balancer(said)
    except _NO_SPAN:
        return None


def _span_of_balancer(said: dict[str, Any]) -> Span:
    # nginx writes its line when it has sent the last byte.
    ended_ms = _ms(said["ts"])
    status = int(said["status"])
    return Span(
        span_id=f"{said['instance']} {said['ts']}",
        parent_id=None,
        process=said["instance"],
        name=f"{said['method']} {said['path']}",
        began_ms=ended_ms - float(said["seconds"]) * 1000,
        ended_ms=ended_ms,
        fault=str(status) if status >= 500 else "",
        facts={"http.response.status_code": status, "upstream": said["upstream"]},
    )


def _overlaps(balancer: Span, span: Span) -> bool:
    # The clock of nginx has milliseconds.
    return balancer.began_ms - 2 <= span.began_ms <= balancer.ended_ms + 2


def _ms(iso: str) -> float:
    return datetime.fromisoformat(iso).timestamp() * 1000
