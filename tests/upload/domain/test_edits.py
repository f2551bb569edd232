"""Any requested crop lies within the picture."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.upload.domain.edits import SIDE_SHARE_MIN, PhotoEdit, box_in, check_edit
from services.upload.domain.rendition_sizes import Size
from shared.contracts.photos import Crop
from shared.errors import Invalid

_SHARES = st.floats(SIDE_SHARE_MIN, 1)


@given(st.integers(1, 12_000), st.integers(1, 12_000), _SHARES, _SHARES, st.data())
def test_any_valid_part_has_pixels_of_the_picture(
    width: int, height: int, across: float, down: float, data: st.DataObject
) -> None:
    x = data.draw(st.floats(0, min(1 - across, 0.9)))
    y = data.draw(st.floats(0, min(1 - down, 0.9)))
    crop: Crop = {"x": x, "y": y, "width": across, "height": down}
    check_edit(PhotoEdit(crop=crop))
    left, top, right, bottom = box_in(crop, Size(width, height))
    assert 0 <= left < right <= width
    assert 0 <= top < bottom <= height
    assert abs((right - left) - across * width) <= 1
    assert abs((bottom - top) - down * height) <= 1


@pytest.mark.parametrize(
    ("crop", "fields"),
    [
        ((-0.1, 0, 0.5, 0.5), ["crop.x"]),
        ((0, 1, 0.5, 0.5), ["crop.y", "crop.height"]),
        ((0.6, 0, 0.5, 0.5), ["crop.width"]),
        ((0, 0, 0.05, 1.5), ["crop.width", "crop.height"]),
        ((math.nan, 0, 0.5, math.inf), ["crop.x", "crop.height"]),
    ],
)
def test_a_part_beyond_the_picture_is_refused_with_its_fields(
    crop: tuple[float, float, float, float], fields: list[str]
) -> None:
    x, y, width, height = crop
    with pytest.raises(Invalid) as refusal:
        check_edit(PhotoEdit(crop={"x": x, "y": y, "width": width, "height": height}))
    assert [error.field for error in refusal.value.errors] == fields
