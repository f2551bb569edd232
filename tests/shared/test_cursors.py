"""Cursors survive a round trip through the client, and everything else is refused."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.cursors import (
    CURSOR_CHARACTERS_MAX,
    ID_CURSOR,
    ID_MAX,
    CursorShape,
    DottedCursorShape,
    Number,
    Text,
    decode_id_cursor,
)
from shared.errors import Invalid
from tests.strange_values import ANY_CURSOR, STRANGE_VALUES

IDS = st.integers(0, ID_MAX)
WORDS = st.text("abc😀é ", max_size=20)

SHAPES: list[tuple[CursorShape, st.SearchStrategy[tuple[Any, ...]]]] = [
    (ID_CURSOR, st.tuples(IDS)),
    (CursorShape(Number(), Number()), st.tuples(IDS, IDS)),
    (CursorShape(Text(".{0,20}"), Number(1, 500)), st.tuples(WORDS, st.integers(1, 500))),
    (DottedCursorShape(Number(), Number()), st.tuples(IDS, IDS)),
]


def written(*values: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


@pytest.mark.parametrize(("shape", "values"), SHAPES)
def test_a_cursor_says_what_was_put_in(
    shape: CursorShape, values: st.SearchStrategy[tuple[Any, ...]]
) -> None:
    @given(values)
    def check(given_values: tuple[Any, ...]) -> None:
        assert shape.decode(shape.encode(*given_values)) == given_values

    check()


@pytest.mark.parametrize("shape", [shape for shape, _values in SHAPES])
def test_whatever_comes_is_of_the_shape_or_refused(shape: CursorShape) -> None:
    @given(ANY_CURSOR)
    def check(cursor: str) -> None:
        values = shape.find(cursor)
        if values is None:
            with pytest.raises(Invalid):
                shape.decode(cursor)
            return
        assert shape.decode(cursor) == values
        for part, value in zip(shape._parts, values, strict=True):
            assert part.is_part(value)
            assert type(value) in {int, str}

    check()


@pytest.mark.parametrize("value", STRANGE_VALUES)
def test_what_no_id_can_be_is_no_cursor(value: object) -> None:
    for cursor in (written(value), written(value, 1), written([value])):
        with pytest.raises(Invalid):
            ID_CURSOR.decode(cursor)


@pytest.mark.parametrize(
    "cursor", ["", ".", "1", "1.", ".1", "1.2.3", "-1.2", "+1.2", "0x1.2", "1_0.2", " 1.2", "١.٢"]
)
def test_only_plain_digits_with_dots_are_a_dotted_cursor(cursor: str) -> None:
    with pytest.raises(Invalid):
        DottedCursorShape(Number(), Number()).decode(cursor)


@pytest.mark.parametrize(
    "values", [("abcd", 5), ("", 5), ("a\0c", 5), ("abc", 0), ("abc", 9), (5, "abc"), ("abc",)]
)
def test_texts_and_numbers_stay_within_what_is_declared(values: tuple[object, ...]) -> None:
    with pytest.raises(Invalid):
        CursorShape(Text("[a-c\0]{3}"), Number(1, 8)).decode(written(*values))


def test_a_text_may_go_over_several_lines() -> None:
    shape = CursorShape(Text(".{0,5}"))
    assert shape.decode(shape.encode("a\nb")) == ("a\nb",)


def test_a_cursor_that_is_too_long_is_not_read() -> None:
    shape = CursorShape(Text(".*"))
    assert shape.find(shape.encode("x" * 100)) == ("x" * 100,)
    assert shape.find(shape.encode("x" * CURSOR_CHARACTERS_MAX)) is None


def test_without_a_cursor_a_page_starts_at_the_newest() -> None:
    assert decode_id_cursor(ID_CURSOR.encode(7)) == 7
    assert decode_id_cursor(None) is None
