"""As a disk fills, uploads are refused first and all writes later, and taken again in reverse."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.backups.disks import settings_for
from infra.driving.refused_writes import READ_ONLY, UPLOADS

FLOOR = 1_000
OPEN = {READ_ONLY: "off", UPLOADS: "taken"}


@pytest.mark.parametrize(
    ("free", "least_free", "writes_off", "uploads"),
    [
        (5_000, 5_000, "off", "taken"),
        (2_000, 2_000, "off", "taken"),
        (1_999, 1_999, "off", "refused"),
        (5_000, 1_999, "off", "refused"),
        (1_000, 1_000, "off", "refused"),
        (999, 999, "on", "refused"),
        (5_000, 999, "off", "refused"),
    ],
)
def test_a_disk_that_fills(free: int, least_free: int, writes_off: str, uploads: str) -> None:
    assert settings_for(free, least_free, FLOOR, OPEN) == {READ_ONLY: writes_off, UPLOADS: uploads}


@given(free=st.integers(0, 4_000))
def test_what_was_refused_is_not_taken_again_at_the_same_moment(free: int) -> None:
    refused = settings_for(free, free, FLOOR, OPEN)
    assert settings_for(free, free, FLOOR, refused) == refused


def test_with_room_again_everything_is_taken() -> None:
    refused = settings_for(0, 0, FLOOR, OPEN)
    assert settings_for(2_500, 2_500, FLOOR, refused) == OPEN
