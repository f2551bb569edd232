"""What a trace's parts say to one another: ids, W3C's `traceparent`, and the text in rows."""

import hashlib
import re
from typing import NamedTuple

TRACEPARENT_HEADER = "traceparent"
# The body is a list of trace ids that a caller keeps, so the callee keeps its part of them.
KEEP_PATH = "/traces/keep"
# A service's reply says by this header that it keeps the trace, so its caller does, too.
KEPT_HEADER = (b"x-trace-kept", b"1")

_LENGTH = len("00-") + 32 + len("-") + 16 + len("-") + 2
_HEX_DIGITS = "0123456789abcdef"
_CARRIED = re.compile(r"(.+)-([0-9a-f]{16})-([01])")
_NOTHING = "0" * 32
# The last digit of flags with the lowest bit set.
_ODD = "13579bdf"


class Parent(NamedTuple):
    """The span that caused something, and whether its trace was sampled at the edge."""

    trace_id: str
    span_id: int
    is_sampled: bool


def trace_id_of(request_id: str) -> str:
    """Return the trace id of a request: its id, or its hash if that is not 32 hex digits."""
    if len(request_id) == 32 and not request_id.strip(_HEX_DIGITS) and request_id != _NOTHING:
        return request_id
    return hashlib.blake2s(request_id.encode(), digest_size=16).hexdigest()


def parent_in(traceparent: str) -> Parent | None:
    """Read a `traceparent`; None if it is none of version 00, or has an id of zeros."""
    # No regular expression, because each call between services brings one.
    if len(traceparent) != _LENGTH or not traceparent.startswith("00-"):
        return None
    trace_id, span, flags = traceparent[3:35], traceparent[36:52], traceparent[53:]
    if (trace_id + span + flags).strip(_HEX_DIGITS) or traceparent[35] + traceparent[52] != "--":
        return None
    if trace_id == _NOTHING or not (span_id := int(span, 16)):
        return None
    return Parent(trace_id, span_id, flags[1] in _ODD)


def traceparent_of(trace_id: str, span_id: int, *, is_sampled: bool) -> bytes:
    """Return the header's value for a call."""
    return b"00-%b-%016x-0%d" % (trace_id.encode(), span_id, is_sampled)


def carried_text(request_id: str, span_id: int, *, is_sampled: bool) -> str:
    """Return the text of a row or job that a request causes: its id, span and sampling."""
    return f"{request_id}-{span_id:016x}-{is_sampled:d}"


def carried_in(text: str | None) -> tuple[str | None, Parent | None]:
    """Return the request id and the parent of a row; rows of older versions have no parent."""
    said = _CARRIED.fullmatch(text) if text else None
    if said is None:
        return text, None
    return said[1], Parent(trace_id_of(said[1]), int(said[2], 16), said[3] == "1")
