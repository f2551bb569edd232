"""Plots stay within their picture, whatever the figures are."""

import pytest

from bench.charts import BarChart, Chart, LineChart, cumulative
from bench.drawing import WIDTH, png, svg

LINES = [("one", [(3.0, 0.0), (700.0, 100.0)]), ("other", [(20.0, 40.0)])]
BARS = BarChart("Cost", "Less is better.", "ms", [("a", {"x": 1.0, "y": 2.0}), ("b", {"y": 5.0})])


@pytest.mark.parametrize(
    "chart",
    [
        LineChart("Times", "Left is better.", "ms", "%", LINES),
        LineChart("Times", "Left is better.", "ms", "%", LINES, x_is_log=True),
        LineChart("Nothing", "No answer came.", "ms", "%", [("none", cumulative([]))]),
        BARS,
        BarChart("Nothing", "No answer came.", "ms", [("a", {})]),
    ],
)
def test_all_marks_lie_within_the_picture(chart: Chart) -> None:
    drawing = chart.drawn()
    places = [point for line in drawing.lines for point in line.points]
    places += [(box.x + box.width, box.y + box.height) for box in drawing.boxes]
    places += [(label.x, label.y) for label in drawing.labels]
    assert all(0 <= x <= WIDTH and 0 <= y <= drawing.height for x, y in places)
    assert svg(drawing).startswith("<svg")
    assert png(drawing).startswith(b"\x89PNG")


def test_a_part_has_one_colour_in_all_charts_of_a_list() -> None:
    one = BarChart("One", "", "ms", [("a", {"y": 1.0})], ["x", "y"]).drawn()
    other = BarChart("Other", "", "ms", [("a", {"x": 1.0, "y": 1.0})], ["x", "y"]).drawn()
    assert one.boxes[0].colour == other.boxes[1].colour


def test_a_log_axis_spaces_powers_of_ten_alike() -> None:
    points = [(1.0, 1.0), (10.0, 1.0), (100.0, 1.0)]
    drawing = LineChart("", "", "", "", [("one", points)], x_is_log=True).drawn()
    first, second, third = (x for x, _ in drawing.lines[-1].points)
    assert second - first == pytest.approx(third - second)


def test_the_share_of_answers_rises_to_all() -> None:
    points = cumulative([5.0, 1.0, 3.0])
    assert points[0] == (1.0, 0.0)
    assert points[-1] == (5.0, 100.0)
