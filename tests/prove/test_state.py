"""A state is read as it was written, so that a run can be checked again."""

from pathlib import Path

from prove.state import WaitingRow, read_state
from tests.prove.model import busy_model


def test_a_state_is_read_as_it_was_written(tmp_path: Path) -> None:
    state = busy_model().state()
    state.waiting.append(WaitingRow("feed", 1, "edge", 7, parked=True))
    state.jobs["feed-a"] = 2
    state.write(tmp_path / "state.json")
    assert read_state(tmp_path / "state.json") == state
