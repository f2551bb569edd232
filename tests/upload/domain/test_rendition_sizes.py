"""Renditions have the widths of phones and never exceed the picture."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.upload.domain.rendition_sizes import (
    WIDTHS,
    Size,
    middle_square,
    rendition_size,
    thumb_side,
)

sides = st.integers(min_value=1, max_value=12_000)


@pytest.mark.parametrize(
    ("picture", "sizes"),
    [
        (Size(3000, 4000), [Size(1080, 1440), Size(640, 853), Size(320, 427)]),
        (Size(4000, 3000), [Size(1080, 810), Size(640, 480), Size(320, 240)]),
        (Size(500, 400), [Size(500, 400), Size(500, 400), Size(320, 256)]),
        (Size(12_000, 3), [Size(1080, 1), Size(640, 1), Size(320, 1)]),
    ],
)
def test_each_width_keeps_the_proportions(picture: Size, sizes: list[Size]) -> None:
    assert [rendition_size(picture, width) for _, width in WIDTHS] == sizes


@given(sides, sides)
def test_nothing_is_ever_enlarged_or_empty(width: int, height: int) -> None:
    picture = Size(width, height)
    for _, wanted in WIDTHS:
        size = rendition_size(picture, wanted)
        assert 1 <= size.width <= min(width, wanted)
        assert 1 <= size.height <= height
    assert 1 <= thumb_side(picture) <= min(150, width, height)


@given(sides, sides)
def test_the_square_is_the_largest_in_the_middle(width: int, height: int) -> None:
    left, top, right, bottom = middle_square(Size(width, height))
    assert right - left == bottom - top == min(width, height)
    assert abs(left - (width - right)) <= 1
    assert abs(top - (height - bottom)) <= 1
