"""Finds every log line about one request, in the order of time."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# Fields with columns of their own, or that are the same for all lines; other fields follow.
_HEAD = ("ts", "level", "instance", "event", "request_id")


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
        return f"{self.ts[11:26]:<15}  {self.instance:<16}  {self.event:<20}  {said}"


def lines_of_request(folder: Path, request_id: str) -> list[Line]:
    """Search every log of the folder, including rotated ones."""
    return sorted(
        (line for file in sorted(folder.glob("*.log*")) for line in _matching(file, request_id)),
        key=lambda line: _sortable(line.ts),
    )


def _matching(file: Path, request_id: str) -> Iterator[Line]:
    with file.open(encoding="utf-8", errors="replace") as handle:
        for text in handle:
            if request_id in text:
                yield _parsed(text, default_instance=file.name.partition(".log")[0])


def _parsed(text: str, *, default_instance: str) -> Line:
    try:
        said = json.loads(text)
    except ValueError:
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
