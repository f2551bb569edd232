"""Makes the spans of OpenTelemetry from the frames that are kept."""

import time
from collections.abc import Iterator, Sequence
from typing import Any

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Link, SpanContext, SpanKind, TraceFlags
from opentelemetry.trace.status import Status, StatusCode

from shared.sql_files import statement_name
from shared.tracing.frames import CALL, OK, REDIS, Frame, Note, new_span_id

_SCOPE = InstrumentationScope("retrato")
_FLAGS = TraceFlags(TraceFlags.SAMPLED)
_WELL = Status(StatusCode.UNSET)
# An outbox batch may have hundreds of causes.
_LINKS_MAX = 32


def resource_of(service: str, instance: str, version: str) -> Resource:
    """Return what all spans of a process share."""
    return Resource(
        {"service.name": service, "service.instance.id": instance, "service.version": version}
    )


def spans_of(
    frame: Frame, notes: Sequence[Note], resource: Resource, *, with_own: bool
) -> Iterator[ReadableSpan]:
    """Yield a span for each note, after the frame's own one if that is wanted."""
    if with_own:
        yield _own_span(frame, resource)
    for note in notes:
        yield _span_of_note(frame, note, resource)


def _own_span(frame: Frame, resource: Resource) -> ReadableSpan:
    links = tuple(
        Link(_context(origin.trace_id, origin.span_id)) for origin in frame.origins[:_LINKS_MAX]
    )
    return ReadableSpan(
        frame.name,
        context=_context(frame.trace_id, frame.span_id),
        parent=_context(frame.trace_id, frame.parent_id) if frame.parent_id else None,
        resource=resource,
        attributes={"retrato.sampled": frame.is_sampled},
        links=links,
        kind=SpanKind.SERVER if frame.is_server else SpanKind.CONSUMER,
        status=_status(frame.outcome),
        start_time=_wall_ns(frame.began_s),
        end_time=_wall_ns(frame.ended_s),
        instrumentation_scope=_SCOPE,
    )


def _span_of_note(frame: Frame, note: Note, resource: Resource) -> ReadableSpan:
    kind, where, what, began_s, ended_s, outcome, span_id = note
    name, attributes = _described(kind, where, what)
    return ReadableSpan(
        name,
        context=_context(frame.trace_id, span_id or new_span_id()),
        parent=_context(frame.trace_id, frame.span_id),
        resource=resource,
        attributes=attributes,
        kind=SpanKind.CLIENT,
        status=_status(outcome),
        start_time=_wall_ns(began_s),
        end_time=_wall_ns(ended_s),
        instrumentation_scope=_SCOPE,
    )


def _described(kind: str, where: Any, what: Any) -> tuple[str, dict[str, str]]:
    if kind is CALL:
        method, path, addresses = what
        return f"{where.name} {method} {path}", {
            "peer.service": where.name,
            "http.request.method": method,
            "url.path": path,
            "server.address": ", ".join(addresses),
        }
    if kind is REDIS:
        command = _named_commands(what)
        return f"redis {command}", {
            "db.system.name": "redis",
            "db.operation.name": command,
            "server.address": where,
        }
    name = statement_name(what)
    return f"{where} {name}", {
        "db.system.name": "postgresql",
        "db.query.summary": name,
        "server.address": where,
    }


def _named_commands(what: Any) -> str:
    """Return the name of one command, or of several of a round trip."""
    if isinstance(what, str):
        return what
    if isinstance(what, bytes):
        return what.decode(errors="replace")
    return " ".join(map(_named_commands, what))


def _context(trace_id: str, span_id: int) -> SpanContext:
    return SpanContext(int(trace_id, 16), span_id, is_remote=False, trace_flags=_FLAGS)


def _status(outcome: str) -> Status:
    return _WELL if outcome == OK else Status(StatusCode.ERROR, outcome)


def _wall_ns(at_s: float) -> int:
    """Return the Unix time of a moment on the clock of perf_counter, a few seconds ago."""
    return time.time_ns() - int((time.perf_counter() - at_s) * 1e9)
