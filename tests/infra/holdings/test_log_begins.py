"""The first position from which a primary's WAL can bring a replica forward."""

from pathlib import Path

import pytest

from infra.holdings.control_data import ControlData, log_begins

SEGMENT_BYTES = 16 * 1024 * 1024
AT_SEGMENT_6 = ControlData(
    system_identifier="7",
    state="shut down",
    timeline=1,
    checkpoint=6 * SEGMENT_BYTES + 40,
    redo=6 * SEGMENT_BYTES + 40,
    recovered=0,
    segment_bytes=SEGMENT_BYTES,
)


@pytest.mark.parametrize(
    ("held", "begins"),
    [
        ([6], 6),
        ([4, 5, 6], 4),
        ([4, 5, 6, 7, 8], 4),  # the later segments are preallocated
        ([2, 3, 5, 6], 5),  # no replica gets past the gap
        ([2, 6, 8], 6),
    ],
)
def test_a_log_begins_after_its_last_gap(tmp_path: Path, held: list[int], begins: int) -> None:
    (tmp_path / "pg_wal").mkdir()
    for number in held:
        (tmp_path / "pg_wal" / f"{1:08X}{0:08X}{number:08X}").touch()
    assert log_begins(tmp_path, AT_SEGMENT_6) == begins * SEGMENT_BYTES
