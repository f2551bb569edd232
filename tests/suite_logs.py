"""What the processes of the suite complained of while a test ran, to be read when it fails."""

import json
from datetime import UTC, datetime
from pathlib import Path

_BYTES_MAX = 500_000
_LINES_MAX = 60


def complaints_since(log_dir: Path, started_s: float) -> str:
    """Warnings and errors of all processes since that Unix time, in the order of time."""
    since = datetime.fromtimestamp(started_s, UTC).isoformat()
    found = [
        (entry["ts"], line)
        for log in log_dir.glob("*.log")
        for line in _tail(log)
        if (entry := _entry(line)) and entry["level"] != "info" and entry["ts"] >= since
    ]
    return "\n".join(line for _, line in sorted(found)[-_LINES_MAX:])


def _tail(log: Path) -> list[str]:
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - _BYTES_MAX))
        return file.read().decode(errors="replace").splitlines()


def _entry(line: str) -> dict[str, str] | None:
    # Postgres, Redis and nginx write lines of their own kind.
    if not line.startswith("{"):
        return None
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    return entry if {"ts", "level"} <= entry.keys() else None
