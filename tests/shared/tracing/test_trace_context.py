"""What traces say between processes, and what of it is believed."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.tracing.trace_context import (
    Parent,
    carried_in,
    carried_text,
    parent_in,
    trace_id_of,
    traceparent_of,
)

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SPANS = st.integers(1, 2**64 - 1)
REQUEST_IDS = st.from_regex(r"[A-Za-z0-9._-]{8,64}", fullmatch=True)


@given(SPANS, st.booleans())
def test_a_traceparent_is_read_as_it_was_written(span_id: int, is_sampled: bool) -> None:
    text = traceparent_of(TRACE, span_id, is_sampled=is_sampled).decode()
    assert parent_in(text) == Parent(TRACE, span_id, is_sampled)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "00",
        f"01-{TRACE}-00f067aa0ba902b7-01",
        f"00-{'0' * 32}-00f067aa0ba902b7-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE.upper()}-00f067aa0ba902b7-01",
        f"00-{TRACE}-00f067aa0ba902b7-01-more",
        f"00-{TRACE}-00f067aa0ba902b7-01\r\nX: y",
    ],
)
def test_anything_else_is_no_parent(text: str) -> None:
    assert parent_in(text) is None


@given(st.integers(0, 54), st.characters(codec="utf-8"))
def test_one_wrong_character_makes_it_no_parent(place: int, character: str) -> None:
    text = f"00-{TRACE}-00f067aa0ba902b7-01"
    changed = text[:place] + character + text[place + 1 :]
    is_sound = re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}", changed)
    assert (parent_in(changed) is not None) == (is_sound is not None)


@given(REQUEST_IDS, SPANS, st.booleans())
def test_a_row_carries_request_and_span(request_id: str, span_id: int, is_sampled: bool) -> None:
    text = carried_text(request_id, span_id, is_sampled=is_sampled)
    assert carried_in(text) == (
        request_id,
        Parent(trace_id_of(request_id), span_id, is_sampled),
    )


@pytest.mark.parametrize("text", [None, "", TRACE, "one.request-7"])
def test_a_row_of_an_older_version_carries_only_the_request(text: str | None) -> None:
    assert carried_in(text) == (text, None)


def test_the_id_of_a_request_is_its_trace_id() -> None:
    assert trace_id_of(TRACE) == TRACE
    assert trace_id_of("one.request-7") == trace_id_of("one.request-7") != trace_id_of("0" * 32)
    assert len(trace_id_of("one.request-7")) == 32
