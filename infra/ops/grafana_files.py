"""Writes the dashboards as files for Grafana: `python -m infra.ops.grafana_files`."""

import json
from pathlib import Path
from typing import Any

from infra.ops.descriptions import RATE, Dashboard, Panel, Unit, dashboards

FOLDER = Path(__file__).with_name("grafana")
# Since Grafana 8.3 panels are time series of this shape, and newer versions migrate it.
_SCHEMA_VERSION = 36
_SOURCE = {"type": "prometheus", "uid": "${source}"}
_UNITS: dict[Unit, str] = {
    "per minute": "cpm",
    "per second": "cps",
    "seconds": "s",
    "bytes": "bytes",
    "fraction": "percentunit",
    "count": "short",
    "days": "d",
}
# Grafana's grid has 24 columns.
_WIDTH, _HEIGHT, _COLUMNS = 12, 8, 2


def main() -> None:
    """Write all files, and delete those of dashboards that are gone."""
    texts = grafana_texts()
    FOLDER.mkdir(exist_ok=True)
    for file in FOLDER.glob("*.json"):
        if file.name not in texts:
            file.unlink()
    for name, text in texts.items():
        (FOLDER / name).write_text(text, encoding="utf-8")


def grafana_texts() -> dict[str, str]:
    """Return the text of each file by its name."""
    return {
        f"{one.name}.json": json.dumps(_model(one), indent=1, sort_keys=True) + "\n"
        for one in dashboards()
    }


def _model(dashboard: Dashboard) -> dict[str, Any]:
    return {
        "uid": f"retrato-{dashboard.name}",
        "title": f"Retrato: {dashboard.title}",
        "tags": ["retrato"],
        "schemaVersion": _SCHEMA_VERSION,
        "editable": True,
        "refresh": "15s",
        "time": {"from": "now-1h", "to": "now"},
        "timezone": "utc",
        "templating": {"list": [{"name": "source", "type": "datasource", "query": "prometheus"}]},
        "panels": [_panel(panel, place) for place, panel in enumerate(dashboard.panels)],
    }


def _panel(panel: Panel, place: int) -> dict[str, Any]:
    row, column = divmod(place, _COLUMNS)
    return {
        "id": place + 1,
        "type": "timeseries",
        "title": panel.title,
        "description": panel.meaning,
        "datasource": _SOURCE,
        "gridPos": {"x": column * _WIDTH, "y": row * _HEIGHT, "w": _WIDTH, "h": _HEIGHT},
        "fieldConfig": {"defaults": {"unit": _UNITS[panel.unit], "min": 0}, "overrides": []},
        "options": {"legend": {"displayMode": "list", "placement": "bottom"}},
        "targets": [
            {
                "refId": chr(ord("A") + number),
                "datasource": _SOURCE,
                "expr": query.expr.replace(RATE, "$__rate_interval"),
                "legendFormat": query.label,
            }
            for number, query in enumerate(panel.queries)
        ],
    }


if __name__ == "__main__":
    main()
