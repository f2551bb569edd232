"""Says which version of the code runs, and which programs were replaced below running processes."""

from collections import defaultdict
from collections.abc import Sequence

from infra.status.status import Row


def version_lines(rows: Sequence[Row], checked_out: str) -> list[str]:
    """Return what differs from the code that is checked out, or one line that all is equal."""
    by_version: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        if row.version:
            by_version[row.version].append(row.process.name)
    lines = [
        f"version {version} still runs, and {checked_out} is checked out: {', '.join(names)};"
        " `make upgrade` goes on"
        for version, names in sorted(by_version.items())
        if version != checked_out
    ]
    if by_version and not lines:
        lines = [f"version {checked_out} everywhere"]
    return [*lines, *_replaced(rows)]


def _replaced(rows: Sequence[Row]) -> list[str]:
    services = list(dict.fromkeys(row.process.service for row in rows if row.has_old_program))
    if not services:
        return []
    sentence = (
        f"programs were updated below running processes of {', '.join(services)}:"
        " docs/operations/upgrade.md says how each takes up the new one"
    )
    return [sentence]
