"""Past lines of all processes, by time and filtered, whatever program wrote them."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from infra.control.failures import SuiteFailure
from infra.status.log_lines import level_of, time_in
from infra.status.logs import lines_since, time_of, wanted_lines

NOW = datetime(2026, 1, 1, 12, 0, 0, tzinfo=UTC)


def _own(time: str, level: str, event: str) -> str:
    return f'{{"event":"{event}","ts":"2026-01-01T{time}Z","level":"{level}"}}'


@pytest.mark.parametrize(
    ("line", "time", "level"),
    [
        (_own("11:00:00.5", "warning", "x"), "2026-01-01T11:00:00.500000", "warning"),
        ('{"ts":"2026-01-01T11:00:00.000Z","level":"info"}', "2026-01-01T11:00:00.000000", "info"),
        (
            "2026-01-01 11:00:00.123 UTC [7] FATAL:  no room",
            "2026-01-01T11:00:00.123000",
            "critical",
        ),
        ("2026-01-01 11:00:00.123 UTC [7] LOG:  ready", "2026-01-01T11:00:00.123000", "info"),
        ("2026/01/01 11:00:00 [error] 9#9: upstream", "2026-01-01T11:00:00.000000", "error"),
        ("7:M 01 Jan 2026 11:00:00.250 # WARNING: full", "2026-01-01T11:00:00.250000", "warning"),
        ("2026-01-01 11:00:00,100 INFO: no action", "2026-01-01T11:00:00.100000", "info"),
        ("Traceback (most recent call last):", None, "info"),
        ('{"message":"an error that is no JSON', None, "info"),
        ("", None, "info"),
    ],
)
def test_time_and_level_are_read_in_every_dialect(line: str, time: str | None, level: str) -> None:
    assert (time_in(line), level_of(line)) == (time, level)


def _folder(root: Path) -> list[Path]:
    texts = {
        "feed-1.log.2": [_own("10:00:00.1", "info", "oldest")],
        "feed-1.log.1": [_own("11:00:00.1", "error", "first"), "  a line of its traceback"],
        "feed-1.log": [_own("11:30:00.3", "info", "third")],
        "postgres-feed-a.log": ["2026-01-01 11:30:00.200 UTC [7] ERROR:  second"],
    }
    for name, lines in texts.items():
        (root / name).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return [root / "feed-1.log", root / "postgres-feed-a.log"]


def _words(lines: list[str]) -> list[str]:
    known = ("oldest", "first", "traceback", "second", "third")
    return [next(word for word in known if word in line) for line in lines]


def test_lines_of_all_files_come_by_time(tmp_path: Path) -> None:
    lines = lines_since(_folder(tmp_path), time_of("1h", NOW), wanted_lines("", ""))
    assert _words(list(lines)) == ["first", "traceback", "second", "third"]
    lines = lines_since(_folder(tmp_path), time_of("20m", NOW), wanted_lines("", ""))
    assert list(lines) == []


def test_level_and_expression_filter_them(tmp_path: Path) -> None:
    files, since = _folder(tmp_path), time_of("2026-01-01T09:00", NOW)
    assert _words(list(lines_since(files, since, wanted_lines("error", "")))) == ["first", "second"]
    assert _words(list(lines_since(files, since, wanted_lines("INFO", "THIRD|old")))) == [
        "oldest",
        "third",
    ]


def test_words_that_cannot_be_meant_are_refused() -> None:
    for call in (
        lambda: wanted_lines("loud", ""),
        lambda: wanted_lines("", "("),
        lambda: time_of("yesterday", NOW),
        lambda: time_of("10x", NOW),
    ):
        with pytest.raises(SuiteFailure):
            call()
