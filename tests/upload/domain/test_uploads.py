"""An owner's unfinished uploads: how many, which give way, and which bytes one takes."""

import pytest

from services.upload.domain.uploads import (
    PIECES_MAX,
    OpenUpload,
    ParkedUpload,
    ParkingLimits,
    TooManyUploads,
    uploads_to_drop,
)

LIMITS = ParkingLimits(uploads_max=3, bytes_max=100)


def parked(*uploads: tuple[int, bool]) -> list[ParkedUpload]:
    """Uploads by length and idleness, in the order of their last piece."""
    return [ParkedUpload(number, *upload) for number, upload in enumerate(uploads, 1)]


BUSY, IDLE = False, True


@pytest.mark.parametrize(
    ("uploads", "length", "dropped"),
    [
        ([], 100, []),
        ([(10, BUSY), (10, BUSY)], 80, []),
        ([(10, IDLE), (10, IDLE)], 10, []),
        ([(10, IDLE), (10, IDLE), (10, BUSY)], 10, [1]),
        ([(10, BUSY), (10, IDLE), (10, IDLE)], 10, [2]),
        ([(60, IDLE), (40, IDLE)], 20, [1]),
        ([(20, IDLE), (70, IDLE)], 60, [1, 2]),
    ],
)
def test_only_as_many_idle_uploads_give_way_as_necessary(
    uploads: list[tuple[int, bool]], length: int, dropped: list[int]
) -> None:
    assert uploads_to_drop(parked(*uploads), length, LIMITS) == dropped


@pytest.mark.parametrize(
    ("uploads", "length"),
    [
        ([], 101),
        ([(1, BUSY), (1, BUSY), (1, BUSY)], 1),
        ([(60, BUSY)], 41),
        ([(60, BUSY), (40, IDLE)], 41),
    ],
)
def test_active_uploads_stay_and_the_new_one_is_refused(
    uploads: list[tuple[int, bool]], length: int
) -> None:
    with pytest.raises(TooManyUploads) as refused:
        uploads_to_drop(parked(*uploads), length, LIMITS)
    assert refused.value.retry_after_s


@pytest.mark.parametrize(
    ("received", "pieces", "start", "size", "takes"),
    [
        (300, 3, 300, 600, True),
        (300, 3, 300, 601, False),
        (300, 3, 300, 0, False),
        (300, 3, 299, 10, False),
        (300, 3, 301, 10, False),
        (300, PIECES_MAX, 300, 10, False),
        (0, 0, 0, 10, False),
    ],
)
def test_only_bytes_that_fit_are_taken(
    received: int, pieces: int, start: int, size: int, takes: bool
) -> None:
    assert OpenUpload(1, 2, 900, received, pieces).takes(start, size) is takes
