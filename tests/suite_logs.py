"""What the processes of the suite have written into their logs, and until when."""

import json
import re
import uuid
from datetime import UTC, datetime
from pathlib import Path

from tests.eventually import eventually
from tests.suite import Suite

_BYTES_MAX = 500_000
_LINES_MAX = 60
_TROUBLE_OF_OTHERS = re.compile(
    r"(?P<day>\d{4}[/-]\d\d[/-]\d\d) (?P<time>[\d:.,]+)"
    r" .*?(?P<level>\[(?:warn|error|crit|alert|emerg)\]|FATAL|PANIC|exited|stopped)"
)


async def all_is_written(suite: Suite) -> None:
    """Return when the logs hold what the services have answered so far: lines wait for a moment.

    A process writes its lines in order, so that a later one tells of those before.
    """
    marker = f"written-{uuid.uuid4().hex}"
    asked = [
        name
        for service in suite.plan.services.values()
        for name in suite.process_names(service.name)
        if suite.process(name).address in service.replicas
    ]
    for name in asked:
        await suite.ask(name, f"/v1/{marker}")

    def check() -> None:
        missing = [name for name in asked if marker not in suite.log_of(name)]
        assert not missing, missing

    await eventually(check)


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
    if not line.startswith("{"):
        return _entry_of_others(line)
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    return entry if {"ts", "level"} <= entry.keys() else None


def _entry_of_others(line: str) -> dict[str, str] | None:
    """What nginx, Postgres or the supervisor says of trouble, each in a form of its own."""
    found = _TROUBLE_OF_OTHERS.match(line)
    if found is None:
        return None
    day = found["day"].replace("/", "-")
    time = found["time"].replace(",", ".")
    return {"ts": f"{day}T{time}", "level": found["level"]}
