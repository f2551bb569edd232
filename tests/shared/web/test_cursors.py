"""Cursors come back as they were made, and nothing else passes for one."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import Invalid
from shared.web.cursors import decode_cursor, decode_id_cursor, encode_cursor

PART = st.integers(min_value=-(2**63), max_value=2**63 - 1) | st.text(
    st.characters(min_codepoint=32, max_codepoint=126), max_size=20
)


@given(st.lists(PART, min_size=1, max_size=3))
def test_a_cursor_says_what_was_put_in(parts: list[int | str]) -> None:
    assert decode_cursor(encode_cursor(*parts)) == tuple(parts)


@given(st.text(max_size=300))
def test_no_text_breaks_the_reading_of_a_cursor(text: str) -> None:
    with suppress(Invalid):
        assert len(decode_cursor(text, int)) == 1


@pytest.mark.parametrize(
    "cursor", [encode_cursor("a"), encode_cursor(1, 2), encode_cursor(), "W3RydWVd", "W1tdXQ"]
)
def test_a_cursor_of_another_list_is_refused(cursor: str) -> None:
    with pytest.raises(Invalid):
        decode_cursor(cursor, int)


def test_the_commonest_cursor_is_an_id() -> None:
    assert decode_id_cursor(encode_cursor(7)) == 7
    assert decode_id_cursor(None) is None
