"""A recorded run is read as it was written, also after it was cut short and went on."""

from pathlib import Path

import pytest

from prove.history import DOUBT_S, Recorder, read_history


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "history.jsonl"


def test_an_operation_is_read_with_its_end(file: Path) -> None:
    recorder = Recorder(file, 0.0)
    number = recorder.invoke(3, "comment", "77", "hello")
    recorder.complete(number, "ok", {"ids": ["5"]}, tries=2, in_doubt=True)
    recorder.close()
    (one,) = read_history(file).operations
    assert (one.client, one.kind, one.key, one.value) == (3, "comment", "77", "hello")
    assert (one.outcome, one.got, one.tries) == ("ok", {"ids": ["5"]}, 2)
    assert one.in_doubt_until_s == one.complete_s + DOUBT_S


def test_an_operation_without_an_end_is_unknown(file: Path) -> None:
    recorder = Recorder(file, 0.0)
    recorder.invoke(3, "comment", "77", "hello")
    recorder.close()
    (one,) = read_history(file).operations
    assert one.outcome == "info"
    assert one.complete_s == float("inf")


def test_a_last_line_that_was_cut_is_left_out(file: Path) -> None:
    recorder = Recorder(file, 0.0)
    recorder.invoke(1, "like", "5", "1")
    recorder.invoke(2, "like", "5", "1")
    recorder.close()
    file.write_bytes(file.read_bytes()[:-20])
    assert [one.client for one in read_history(file).operations] == [1]


def test_a_run_goes_on_after_its_last_moment(file: Path) -> None:
    first = Recorder(file, 0.0)
    number = first.invoke(1, "like", "5", "1")
    first.complete(number, "ok", {}, tries=1, in_doubt=False)
    first.close()
    past = read_history(file)
    second = Recorder(file, past.seconds)
    second.number_from(number)
    second.invoke(1, "like", "5", "0")
    second.close()
    before, after = read_history(file).operations
    assert after.number == before.number + 1
    assert after.invoke_s >= before.complete_s


def test_a_line_after_a_cut_one_is_read(file: Path) -> None:
    first = Recorder(file, 0.0)
    first.invoke(1, "like", "5", "1")
    first.close()
    file.write_bytes(file.read_bytes()[:-20])
    second = Recorder(file, 0.0)
    second.invoke(2, "like", "5", "0")
    second.close()
    assert [one.client for one in read_history(file).operations] == [2]


def test_a_fault_has_three_moments(file: Path) -> None:
    recorder = Recorder(file, 0.0)
    for phase, at in (("begin", 1.0), ("healed", 2.0), ("well", 3.0)):
        recorder.write(
            **{"is": "fault"}, number=1, phase=phase, kind="kill feed", targets=["feed-1"], at=at
        )
    recorder.close()
    (fault,) = read_history(file).faults
    assert (fault.begin_s, fault.healed_s, fault.well_s) == (1.0, 2.0, 3.0)
