"""The drills read what processes write while they run, also across the rotation of a file."""

import json
from pathlib import Path

from bench.access_log import AccessLogs


def line(request_id: str, route: str = "/posts/{id}") -> str:
    said = {
        "event": "request",
        "request_id": request_id,
        "method": "GET",
        "path": "/posts/1",
        "route": route,
        "status": 200,
        "ms": 500,
        "ts": "2026-11-28T03:00:01.500Z",
    }
    return json.dumps(said) + "\n"


def append(log: Path, text: str) -> None:
    with log.open("a", encoding="utf-8") as file:
        file.write(text)


def ids(logs: AccessLogs) -> list[str]:
    return [request.request_id for request in logs.requests()]


def test_what_was_written_before_is_left_out(tmp_path: Path) -> None:
    log = tmp_path / "feed-1.log"
    append(log, line("before"))
    with AccessLogs(tmp_path, ["feed-1"]) as logs:
        append(log, line("one") + "no line of ours\n" + line("two"))
        assert ids(logs) == ["one", "two"]
        assert ids(logs) == []


def test_a_file_that_is_rotated_is_read_to_its_end(tmp_path: Path) -> None:
    log = tmp_path / "feed-1.log"
    log.touch()
    with AccessLogs(tmp_path, ["feed-1"]) as logs:
        append(log, line("last of the old"))
        log.rename(tmp_path / "feed-1.log.1")
        append(log, line("first of the new"))
        assert ids(logs) == ["last of the old", "first of the new"]


def test_a_request_began_before_its_line_was_written(tmp_path: Path) -> None:
    log = tmp_path / "feed-1.log"
    log.touch()
    with AccessLogs(tmp_path, ["feed-1"]) as logs:
        append(log, line("begun") + line("refused at the door", "unmatched"))
        begun, refused = logs.requests()
    assert begun.began_s == 1795834801.0
    assert (begun.is_begun, refused.is_begun) == (True, False)
