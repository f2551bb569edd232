"""The report of a run: a page with pictures, and the same as text."""

import html
import os
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.drawing import svg
from prove.checks.finding import Finding
from prove.checks.reads import READS
from prove.cost import Cost, costs_of
from prove.history import History
from prove.pictures import Silences, goodput_of, latency_of

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 900px; margin: 2rem auto; color: #222 }
body { padding: 0 1rem } table { border-collapse: collapse; margin: 1rem 0 }
td, th { padding: .2rem .7rem; text-align: right } tr + tr { border-top: 1px solid #ddd }
td:first-child, th:first-child { text-align: left } h2 { margin-top: 2rem }
svg { font: 13px system-ui, sans-serif; max-width: 100%; height: auto }
figure { margin: 1.5rem 0 } figcaption, .note { color: #555 } .bad { color: #b00020 }
"""
_COST_HEADING = (
    *("fault", "times", "silence, median s", "worst s", "silent"),
    *("repeated", "unknown", "failed reads", "p99 ms"),
)

Found = Mapping[str, Sequence[Finding]]


def tell(history: History, found: Found) -> int:
    """Print the result; returns 1 if anything was found, else 0."""
    for line in _summary(history):
        print(line)
    print()
    for row in (_COST_HEADING, *map(_cost_cells, costs_of(history))):
        print(f"  {row[0]:<20}" + "".join(f"{cell:>17}" for cell in row[1:]))
    for line in _remarks(history):
        print(f"  {line}")
    print()
    for check, findings in found.items():
        print(f"  {'kept    ' if not findings else 'NOT KEPT'}  {check}")
        for finding in findings:
            print(f"            {finding.kind}: {finding.text}")
    return int(any(found.values()))


def write_report(folder: Path, history: History, found: Found) -> Path:
    """Write the page; returns its path."""
    page = folder / "index.html"
    page.write_text(_page(history, found), encoding="utf-8")
    return page


def _summary(history: History) -> list[str]:
    writes = [one for one in history.operations if one.kind not in (*READS, "session")]
    outcomes = Counter(one.outcome for one in writes)
    offered = len(writes) / (history.loaded_s or 1.0)
    run = (
        f"{history.loaded_s / 60:.1f} minutes of load with the seed {history.seed},"
        f" {len(history.people)} people, {len(history.faults)} faults"
    )
    offers = (
        f"{len(writes)} writes offered ({offered:.0f} a second): {outcomes['ok']} acknowledged,"
        f" {outcomes['fail']} refused, {outcomes['info']} unknown;"
        f" {sum(one.tries > 1 for one in writes)} needed more than one try"
    )
    return [run, offers, f"{sum(one.kind in READS for one in history.operations)} reads"]


def _remarks(history: History) -> list[str]:
    """Say which faults could not be given, and whose commands failed."""
    left_out = [f"left out: {kind} ({why})" for kind, why in sorted(history.left_out.items())]
    failed = [
        f"fault {one.number}, {one.kind} of {', '.join(one.targets)}: {one.failed}"
        for one in history.faults
        if one.failed
    ]
    return left_out + failed


def _cost_cells(cost: Cost) -> tuple[str, ...]:
    return (
        cost.kind,
        str(cost.times),
        f"{cost.median_s:.1f}",
        f"{max(cost.silences_s):.1f}",
        cost.silent,
        str(cost.repeated),
        str(cost.unknown),
        str(cost.failed_reads),
        f"{cost.slow_ms:.0f}",
    )


def _page(history: History, found: Found) -> str:
    costs = costs_of(history)
    when = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())
    result = "Nothing was lost" if not any(found.values()) else "Promises were broken"
    silences = Silences(
        "The longest time in which writes of a service were under way and none was acknowledged,"
        " with a mark for each fault. It begins with the fault, or with the first of those writes.",
        [(cost.kind, cost.silences_s) for cost in costs],
    )
    figures = "".join(
        f"<figure>{svg(one.drawn())}<figcaption>{html.escape(one.explanation)}</figcaption></figure>"
        for one in (goodput_of(history), latency_of(history), silences)
        if one is not silences or costs
    )
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Retrato: proof</title>'
        f"<style>{_STYLE}</style><h1>{result}</h1>"
        f'<p class="note">{when}, {os.cpu_count()} cores, which load and suite share.</p>'
        + "".join(f"<p>{html.escape(line)}</p>" for line in _summary(history))
        + _checks(found)
        + "<h2>Over time</h2>"
        + figures
        + "<h2>What each fault cost</h2>"
        + _table([_COST_HEADING, *map(_cost_cells, costs)])
        + "<p class=note>Operations are counted with each fault that they met.</p>"
        + "".join(f"<p class=note>{html.escape(line)}</p>" for line in _remarks(history))
        + "</html>\n"
    )


def _checks(found: Found) -> str:
    rows = [("check", "findings"), *((name, str(len(all_))) for name, all_ in found.items())]
    told = "".join(
        f'<li class="bad"><b>{html.escape(one.kind)}</b>: {html.escape(one.text)}</li>'
        for findings in found.values()
        for one in findings
    )
    return "<h2>Checks</h2>" + _table(rows) + (f"<ul>{told}</ul>" if told else "")


def _table(rows: Sequence[Sequence[str]]) -> str:
    def row(cells: Sequence[str], tag: str) -> str:
        return "<tr>" + "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in cells) + "</tr>"

    return f"<table>{row(rows[0], 'th')}{''.join(row(cells, 'td') for cells in rows[1:])}</table>"
