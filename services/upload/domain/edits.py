"""An owner's edit of a photo: crop and filter."""

from dataclasses import dataclass

from services.upload.domain.filters import check_filter
from services.upload.domain.rendition_sizes import Size
from shared.contracts.photos import Crop
from shared.errors import FieldError, Invalid
from shared.faults import fault

# A share of the whole width or height; less would be a few pixels on a phone.
SIDE_SHARE_MIN = 0.1
# The rounding error of sums of decimal fractions.
_TOLERANCE = 1e-6


@dataclass(frozen=True, slots=True)
class PhotoEdit:
    """A `crop` of None is the whole picture; a `filter_name` of None keeps its colours."""

    filter_name: str | None = None
    crop: Crop | None = None

    @property
    def is_plain(self) -> bool:
        """Whether it is the picture as received."""
        return self.filter_name is None and self.crop is None


PLAIN = PhotoEdit()


def check_edit(edit: PhotoEdit) -> None:
    """Raise Invalid for an unknown filter or a part outside the picture."""
    if edit.filter_name is not None:
        check_filter(edit.filter_name)
    if edit.crop is not None:
        _check_crop(edit.crop)


def box_in(crop: Crop, size: Size) -> tuple[int, int, int, int]:
    """The part in pixels: left, top, right, bottom; at least one pixel."""
    left, width = _span(crop["x"], crop["width"], size.width)
    top, height = _span(crop["y"], crop["height"], size.height)
    return left, top, left + width, top + height


def size_of_part(crop: Crop, size: Size) -> Size:
    """Width and height of the part."""
    left, top, right, bottom = box_in(crop, size)
    return Size(right - left, bottom - top)


def _span(start: float, share: float, whole: int) -> tuple[int, int]:
    first = min(round(start * whole), whole - 1)
    return first, max(1, min(round(share * whole), whole - first))


def _check_crop(crop: Crop) -> None:
    faults = [
        *_faults("x", "width", crop["x"], crop["width"]),
        *_faults("y", "height", crop["y"], crop["height"]),
    ]
    if faults:
        raise Invalid(errors=faults)


def _faults(start_name: str, side_name: str, start: float, side: float) -> list[FieldError]:
    faults = []
    if not 0 <= start < 1:
        faults.append(FieldError(f"crop.{start_name}", fault("out_of_range", min=0, max=1)))
    if not SIDE_SHARE_MIN <= side <= 1:
        faults.append(
            FieldError(f"crop.{side_name}", fault("out_of_range", min=SIDE_SHARE_MIN, max=1))
        )
    elif start + side > 1 + _TOLERANCE:
        faults.append(FieldError(f"crop.{side_name}", fault("over_the_edge")))
    return faults
