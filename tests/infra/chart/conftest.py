"""The charts, completed from the plan, and what they render."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from infra.rendering.charts import CHARTS, render_charts
from infra.suite import drawn_plan
from tests.infra.chart.tools import Document, rendered

EXAMPLES = CHARTS / "examples"
SIZES = ("small", "three-zones", "large")


@pytest.fixture(scope="session")
def charts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of both charts."""
    folder = tmp_path_factory.mktemp("charts")
    render_charts(drawn_plan(), folder)
    return folder


@pytest.fixture(scope="session")
def documents(charts: Path) -> Mapping[str, list[Document]]:
    """Return the documents of each size, with those of the databases."""
    zones = str(EXAMPLES / "data-three-zones.yaml")
    found = {
        size: rendered(charts / "retrato", "--values", str(EXAMPLES / f"{size}.yaml"))
        for size in SIZES
    }
    return {
        **found,
        "data": rendered(charts / "retrato-data"),
        "data-three-zones": rendered(charts / "retrato-data", "--values", zones),
    }
