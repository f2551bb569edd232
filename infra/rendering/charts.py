"""Copies the charts into a folder, and completes them with what the plan says."""

import shutil
from pathlib import Path

from infra.plan.parts import Plan
from infra.rendering.kubernetes import chart_text
from infra.run_folder import REPOSITORY

CHARTS = REPOSITORY / "infra" / "chart"
NAMES = ("retrato", "retrato-data")


def render_charts(plan: Plan, folder: Path) -> list[Path]:
    """Write both charts below a folder, each in place of the last one; returns their folders."""
    text = chart_text(plan)
    folders = []
    for name in NAMES:
        chart = folder / name
        if (chart / "Chart.yaml").exists():
            shutil.rmtree(chart)
        shutil.copytree(CHARTS / name, chart)
        (chart / "files").mkdir()
        (chart / "files" / "plan.json").write_text(text, encoding="utf-8")
        folders.append(chart)
    return folders
