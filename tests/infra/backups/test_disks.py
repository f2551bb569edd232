"""As a disk fills, uploads are refused first and all writes later; both recover in reverse."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.backups.disks import RESERVE_BYTES, keep_reserve, settings_for
from infra.control.refused_writes import READ_ONLY, UPLOADS

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


def test_the_reserve_of_a_full_disk_is_given_up_and_made_again(tmp_path: Path) -> None:
    reserve = tmp_path / "pg_wal" / "reserve"
    reserve.parent.mkdir()
    there = []
    for free in (2_000, 1_000, 0, 1_000, 2_000):
        keep_reserve(tmp_path, free * RESERVE_BYTES, 1_000 * RESERVE_BYTES)
        there.append(reserve.stat().st_blocks * 512 if reserve.exists() else 0)
    assert there == [RESERVE_BYTES, RESERVE_BYTES, 0, 0, RESERVE_BYTES]


def test_with_room_again_everything_is_taken() -> None:
    refused = settings_for(0, 0, FLOOR, OPEN)
    assert settings_for(2_500, 2_500, FLOOR, refused) == OPEN
