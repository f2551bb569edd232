"""A report says what was found, and needs nothing from elsewhere."""

from dataclasses import replace
from pathlib import Path

import pytest

from bench.drawing import WIDTH
from prove.checks.every_check import check_all
from prove.checks.finding import Finding
from prove.history import Fault, History
from prove.pictures import Silences, goodput_of, latency_of
from prove.report import tell, write_report
from tests.prove.model import busy_model


@pytest.fixture
def history() -> History:
    found = busy_model().history
    found.seconds = found.operations[-1].complete_s
    found.loaded_s = found.seconds
    found.faults = [
        Fault(1, "kill feed", ("feed-1",), 3.0, 4.0, 6.0),
        Fault(2, "freeze dns", ("dns",), 8.0, 9.0, 12.0),
        Fault(3, "away redis", ("redis-feed",), found.seconds - 1.0),
    ]
    return found


def test_a_page_loads_nothing_and_names_each_fault(history: History, tmp_path: Path) -> None:
    found = check_all(history, busy_model().state())
    page = write_report(tmp_path, history, found).read_text(encoding="utf-8")
    assert "<script" not in page
    assert page.count("http") == page.count('xmlns="http://www.w3.org/2000/svg"')
    assert {"kill feed", "freeze dns", "Nothing was lost"} <= set(page.replace(">", "<").split("<"))


def test_a_finding_is_told_and_is_the_exit_status(
    history: History, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = check_all(history, busy_model().state())
    assert tell(history, kept) == 0
    broken = {**kept, "one primary at a time": [Finding("two primaries", "<one> and two")]}
    assert tell(history, broken) == 1
    assert "two primaries: <one> and two" in capsys.readouterr().out
    page = write_report(tmp_path, history, broken).read_text(encoding="utf-8")
    assert "Promises were broken" in page
    assert "&lt;one&gt; and two" in page


def test_all_marks_lie_within_their_picture(history: History) -> None:
    nothing = replace(history, operations=[], faults=[])
    silences = Silences("", [("kill feed", (0.0, 12.0)), ("freeze dns", (3.0,))])
    for picture in (goodput_of(history), latency_of(history), goodput_of(nothing), silences):
        drawing = picture.drawn()
        places = [point for line in drawing.lines for point in line.points]
        places += [(box.x + box.width, box.y + box.height) for box in drawing.boxes]
        assert all(0 <= x <= WIDTH + 1 and 0 <= y <= drawing.height for x, y in places)
