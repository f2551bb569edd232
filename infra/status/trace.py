"""Shows one request: the tree of its trace, and every log line about it, by time."""

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from infra.control.failures import SuiteFailure
from infra.foreign_files import foreign_lines, printable
from infra.run_folder import RunFolder
from infra.status.spans import balancer_spans, spans_in, tree_of
from infra.status.trace_drawing import lines_of_tree, page_of_tree
from shared.tracing.trace_context import trace_id_of

# Fields with columns of their own, or that are the same for all lines; other fields follow.
_HEAD = ("ts", "level", "instance", "event", "request_id")

_NO_SPANS = (
    "No trace of this request is in the run folder, so only its lines follow."
    " docs/operations/traces.md says which requests leave one, where, and for how long.\n\n"
)


@dataclass(frozen=True, slots=True)
class Line:
    """A log line that contains the request id."""

    ts: str
    instance: str
    event: str
    rest: Mapping[str, Any]

    def __str__(self) -> str:
        said = "  ".join(
            f"{key}={value}" for key, value in self.rest.items() if value not in {None, ""}
        )
        return printable(f"{self.ts[11:26]:<15}  {self.instance:<16}  {self.event:<20}  {said}")


def print_trace(folder: RunFolder, request_id: str, *, with_page: bool) -> None:
    """Print tree and lines, and write the page if wanted; raises SuiteFailure without any."""
    trace_id = trace_id_of(request_id)
    spans = spans_in(folder.traces, trace_id) if folder.traces.exists() else []
    lines = lines_of_request(folder.log, request_id)
    if not lines and not spans:
        raise SuiteFailure(
            f"No log names the request {request_id!r}; X-Request-ID of a reply does."
        )
    # Spans that name one another as their parents have no root.
    roots = tree_of(spans, balancer_spans(folder.log, request_id)) if spans else []
    if roots:
        sys.stdout.writelines(f"{line}\n" for line in lines_of_tree(roots))
        if with_page:
            began = datetime.fromtimestamp(roots[0].began_ms / 1000, UTC)
            file = folder.root / f"trace-{trace_id}.html"
            text = page_of_tree(trace_id, f"{began:%Y-%m-%d %H:%M:%S}", roots)
            file.write_text(text, encoding="utf-8")
            sys.stdout.write(f"\n{file}\n")
        sys.stdout.write("\n")
    else:
        sys.stdout.write(_NO_SPANS)
    sys.stdout.writelines(f"{line}\n" for line in lines)


def lines_of_request(folder: Path, request_id: str) -> list[Line]:
    """Search every log of the folder, including rotated ones."""
    return sorted(
        (line for file in sorted(folder.glob("*.log*")) for line in _matching(file, request_id)),
        key=lambda line: _sortable(line.ts),
    )


def _matching(file: Path, request_id: str) -> Iterator[Line]:
    for text in foreign_lines(file):
        if request_id in text:
            yield _parsed(text, default_instance=file.name.partition(".log")[0])


def _parsed(text: str, *, default_instance: str) -> Line:
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        # Some programs do not write JSON; the time, if any, is then part of the text.
        return Line("", default_instance, text.strip(), {})
    return Line(
        ts=str(said.get("ts", "")),
        instance=str(said.get("instance", default_instance)),
        event=str(said.get("event", "")),
        rest={key: _shown(value) for key, value in said.items() if key not in _HEAD},
    )


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _sortable(ts: str) -> str:
    """Pad ISO times of different precision, so that .5Z does not sort after .512345Z."""
    return ts.removesuffix("Z").ljust(26, "0")
