"""Reads time and level in the lines of our processes, and of those of others."""

import re

LEVELS = ("debug", "info", "warning", "error", "critical")

_OWN_LEVEL = re.compile(r'"level": ?"([a-z]+)"')
_OWN_TIME = re.compile(r'"ts": ?"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?)Z?"')
# Postgres, Patroni and etcd begin with it; a Redis writes 30 Nov 2026 12:00:00.123.
_ISO_TIME = re.compile(r"^\W{0,2}(\d{4})[-/](\d\d)[-/](\d\d)[T ](\d\d:\d\d:\d\d)(?:[.,](\d+))?")
_REDIS_TIME = re.compile(r"^\d+:\S (\d\d) (\w{3}) (\d{4}) (\d\d:\d\d:\d\d)\.(\d+)")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_WORDS = re.compile(
    r"\b(PANIC|FATAL|CRITICAL|ERROR|CRIT|WARNING|WARN|emerg|alert|crit|error|warn)\b(?=[\]: ])"
)
_SEVERITY = {
    **dict.fromkeys(("panic", "fatal", "critical", "crit", "emerg", "alert"), "critical"),
    "error": "error",
    **dict.fromkeys(("warning", "warn"), "warning"),
}


def level_of(line: str) -> str:
    """Return the level of a line; programs of others write it as a word, or not at all."""
    if line.startswith("{"):
        own = _OWN_LEVEL.search(line)
        return own[1] if own is not None and own[1] in LEVELS else "info"
    word = _WORDS.search(line)
    return "info" if word is None else _SEVERITY[word[1].lower()]


def time_in(line: str) -> str | None:
    """Return the time of a line as 2026-11-30T12:00:00.123456; None if it names none."""
    if line.startswith("{"):
        own = _OWN_TIME.search(line)
        return None if own is None else _padded(own[1])
    iso = _ISO_TIME.match(line)
    if iso is not None:
        return _padded(f"{iso[1]}-{iso[2]}-{iso[3]}T{iso[4]}.{iso[5] or 0}")
    redis = _REDIS_TIME.match(line)
    if redis is not None and redis[2] in _MONTHS:
        month = _MONTHS.index(redis[2]) + 1
        return _padded(f"{redis[3]}-{month:02d}-{redis[1]}T{redis[4]}.{redis[5]}")
    return None


def _padded(time: str) -> str:
    whole, _, fraction = time.partition(".")
    return f"{whole}.{fraction[:6]:<06}"
