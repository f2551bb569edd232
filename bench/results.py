"""The results of a bench as tables for the terminal, and as a page with plots."""

import html
import os
import platform
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.charts import Chart
from bench.drawing import png, svg

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 900px; margin: 2rem auto; color: #222 }
body { padding: 0 1rem } table { border-collapse: collapse; margin: 1rem 0 }
td, th { padding: .25rem .8rem; text-align: right } tr + tr { border-top: 1px solid #ddd }
td:first-child, th:first-child { text-align: left } h2 { margin-top: 2.5rem }
svg { font: 13px system-ui, sans-serif; max-width: 100%; height: auto }
figure { margin: 1.5rem 0 } figcaption, .note { color: #555 }
"""


@dataclass(frozen=True, slots=True)
class Section:
    """One question: the method, the figures, the plots and the conclusions."""

    title: str
    explanation: str
    heading: Sequence[str]
    rows: Sequence[Sequence[str]]
    charts: Sequence[Chart] = ()
    conclusions: Sequence[str] = ()


@dataclass
class Report:
    """All sections of one run."""

    title: str
    sections: list[Section] = field(default_factory=list)
    # The machine's load before the run, which later adds its own.
    load_before: float = field(default_factory=lambda: os.getloadavg()[0])

    def add(self, section: Section) -> None:
        """Add a section and print it."""
        self.sections.append(section)
        print(f"\n{section.title}")
        for line in _as_text(section):
            print(f"  {line}")

    def write(self, folder: Path) -> Path:
        """Write the page and a PNG of each plot; old PNGs are deleted. Returns the page's path."""
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob("chart-*.png"):
            old.unlink()
        charts = [chart for section in self.sections for chart in section.charts]
        for number, chart in enumerate(charts, 1):
            (folder / f"chart-{number:02}.png").write_bytes(png(chart.drawn()))
        page = folder / "index.html"
        page.write_text(self._page(), encoding="utf-8")
        return page

    def _page(self) -> str:
        cores = os.cpu_count()
        when = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime())
        where = (
            f"{when}, {cores} cores with a load of {self.load_before:.1f} before it began,"
            f" Python {platform.python_version()}, {platform.machine()}"
        )
        body = "".join(map(_as_html, self.sections))
        title = html.escape(self.title)
        return (
            f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>'
            f"<style>{_STYLE}</style><h1>{title}</h1>"
            f'<p class="note">{html.escape(where)}. The load generator and the suite share these'
            " cores, so compare ratios; absolute figures hold for this machine only.</p>"
            f"{body}</html>\n"
        )


def cpu_row(name: str, figures: Sequence[str], cpu_ms: Mapping[str, float]) -> list[str]:
    """Return a row that ends with the CPU time of all processes."""
    return [name, *figures, f"{sum(cpu_ms.values()):.2f}"]


def _as_text(section: Section) -> list[str]:
    rows = [list(section.heading), *map(list, section.rows)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(section.heading))]
    lines = [
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
    return [*lines, *section.conclusions]


def _as_html(section: Section) -> str:
    def row(cells: Sequence[str], tag: str) -> str:
        return "<tr>" + "".join(f"<{tag}>{html.escape(c)}</{tag}>" for c in cells) + "</tr>"

    table = row(section.heading, "th") + "".join(row(cells, "td") for cells in section.rows)
    conclusions = "".join(f"<li>{html.escape(text)}</li>" for text in section.conclusions)
    return (
        f"<h2>{html.escape(section.title)}</h2><p>{html.escape(section.explanation)}</p>"
        f"<table>{table}</table>"
        + "".join(map(_figure, section.charts))
        + (f"<ul>{conclusions}</ul>" if conclusions else "")
    )


def _figure(chart: Chart) -> str:
    caption = html.escape(chart.explanation)
    return f"<figure>{svg(chart.drawn())}<figcaption>{caption}</figcaption></figure>"
