"""The dashboards name metrics that exist, and Grafana's files are made from them."""

import json
import re
from pathlib import Path

import pytest

from infra.ops.descriptions import Panel, Query, WrongDashboard, dashboards
from infra.ops.grafana_files import FOLDER, grafana_texts
from infra.ops.panels import label_of, with_window
from tests.architecture.source_tree import files_of_the_tree, text_of

_OURS = re.compile(r"\bretrato_[a-z_]+")
_OF_HISTOGRAMS = re.compile(r"_(bucket|count|sum)$")
PANELS = [(panel, query) for one in dashboards() for panel in one.panels for query in panel.queries]


def _names_in_the_code() -> set[str]:
    text = "\n".join(
        text_of(path)
        for path in files_of_the_tree()
        if path.suffix == ".py" and path.parts[0] in {"services", "shared", "infra"}
        if "ops" not in path.parts
    )
    return set(_OURS.findall(text))


def test_every_metric_of_ours_in_a_query_exists() -> None:
    known = _names_in_the_code()
    unknown = {
        name
        for _panel, query in PANELS
        for name in _OURS.findall(query.expr)
        if name not in known and _OF_HISTOGRAMS.sub("", name) not in known
    }
    assert unknown == set()


@pytest.mark.parametrize(
    ("panel", "query"), PANELS, ids=lambda one: one.name if isinstance(one, Panel) else ""
)
def test_a_panel_explains_itself_and_its_lines_have_names(panel: Panel, query: Query) -> None:
    assert panel.meaning.endswith(".")
    assert query.label
    # A label that the query does not keep would leave its place empty.
    assert all(
        re.search(rf"by \([^)]*\b{label}\b", query.expr) or f"supervised_{label}" in query.expr
        for label in re.findall(r"\{\{(\w+)\}\}", query.label)
        if label != "process"
    )
    # A rate without the window of the page would be wrong at other ranges.
    assert re.findall(r"\[\d+[smhdw]", query.expr) == []


def test_grafana_files_are_current() -> None:
    written = {file.name: file.read_text(encoding="utf-8") for file in FOLDER.glob("*.json")}
    assert written == grafana_texts(), "run python -m infra.ops.grafana_files"


@pytest.mark.parametrize("name", sorted(grafana_texts()))
def test_a_grafana_file_has_what_grafana_needs(name: str) -> None:
    board = json.loads(grafana_texts()[name])
    assert board["schemaVersion"] >= 36
    assert len(board["uid"]) <= 40
    panels = board["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    places = {(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels}
    assert len(places) == len(panels)
    variables = {variable["name"] for variable in board["templating"]["list"]}
    for panel in panels:
        assert panel["type"] == "timeseries"
        assert panel["datasource"]["uid"].strip("${}") in variables
        refs = [target["refId"] for target in panel["targets"]]
        assert len(set(refs)) == len(refs)
        assert all("$rate" not in target["expr"] for target in panel["targets"])


def test_two_panels_of_one_name_are_refused(tmp_path: Path) -> None:
    panel = (
        '[[panel]]\nname="a"\ntitle="A"\nunit="count"\nmeaning="m."\n'
        '[[panel.query]]\nlabel="l"\nexpr="up"\n'
    )
    for number in (1, 2):
        (tmp_path / f"{number}-x{number}.toml").write_text(f'title="T"\n{panel}')
    with pytest.raises(WrongDashboard, match="more than one panel is called a"):
        dashboards(tmp_path)


def test_windows_and_labels_are_filled_in() -> None:
    assert with_window("rate(x[$rate])", 60) == "rate(x[60s])"
    assert label_of("to {{upstream}}, failed", {"upstream": "feed"}) == "to feed, failed"
