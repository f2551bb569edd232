"""The dashboards as data: read once from `dashboards/*.toml`, for the page and for Grafana."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

Unit = Literal["per minute", "per second", "seconds", "bytes", "fraction", "count", "days"]
UNITS = get_args(Unit)
# What a panel needs that not every suite has.
Needs = Literal["", "backups"]
RATE = "$rate"
FOLDER = Path(__file__).with_name("dashboards")


@dataclass(frozen=True, slots=True)
class Query:
    """A query in Prometheus' language; `label` names its series, with `{{name}}` for a label."""

    label: str
    expr: str


@dataclass(frozen=True, slots=True)
class Panel:
    """One plot: what it shows, in which unit, and what it means to somebody who sees it first."""

    name: str
    title: str
    unit: Unit
    meaning: str
    queries: tuple[Query, ...]
    needs: Needs = ""


@dataclass(frozen=True, slots=True)
class Dashboard:
    """Panels that belong together; `name` is part of addresses and of Grafana's file."""

    name: str
    title: str
    panels: tuple[Panel, ...]


class WrongDashboard(ValueError):
    """A description contradicts itself; the message names file and panel."""


@cache
def dashboards(folder: Path = FOLDER) -> tuple[Dashboard, ...]:
    """Return all dashboards in the order of their files; raises WrongDashboard."""
    found = tuple(_dashboard(file) for file in sorted(folder.glob("*.toml")))
    names = [panel.name for one in found for panel in one.panels]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise WrongDashboard(f"more than one panel is called {', '.join(twice)}")
    return found


def _dashboard(file: Path) -> Dashboard:
    drawn = tomllib.loads(file.read_text(encoding="utf-8"))
    name = file.stem.partition("-")[2]
    return Dashboard(name, drawn["title"], tuple(_panel(file, one) for one in drawn["panel"]))


def _panel(file: Path, drawn: Mapping[str, Any]) -> Panel:
    if drawn["unit"] not in UNITS:
        raise WrongDashboard(f"{file}: {drawn['name']} has the unknown unit {drawn['unit']!r}")
    queries = tuple(Query(**one) for one in drawn["query"])
    return Panel(**{key: drawn[key] for key in drawn if key != "query"}, queries=queries)
