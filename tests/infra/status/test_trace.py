"""A request's lines are found in every log and sorted by time."""

from pathlib import Path

from infra.status.trace import lines_of_request

ID = "0123456789abcdef"


def _log(folder: Path, name: str, *lines: str) -> None:
    (folder / name).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def _line(ts: str, instance: str, request_id: str = ID) -> str:
    return (
        f'{{"ts":"{ts}","level":"info","instance":"{instance}","event":"request",'
        f'"request_id":"{request_id}","status":200}}'
    )


def test_lines_of_all_processes_stand_in_the_order_of_time(tmp_path: Path) -> None:
    _log(tmp_path, "nginx-1.log", _line("2026-01-01T00:00:00.300Z", "nginx-1"))
    _log(tmp_path, "gateway-2.log", _line("2026-01-01T00:00:00.299500Z", "gateway-2"))
    _log(tmp_path, "feed-1.log", _line("2026-01-01T00:00:00.100001Z", "feed-1"))
    instances = [line.instance for line in lines_of_request(tmp_path, ID)]
    assert instances == ["feed-1", "gateway-2", "nginx-1"]


def test_lines_of_other_requests_are_left_out(tmp_path: Path) -> None:
    other = _line("2026-01-01T00:00:00.100Z", "feed-1", "fedcba9876543210")
    _log(tmp_path, "feed-1.log", other, "no JSON at all")
    assert lines_of_request(tmp_path, ID) == []


def test_rotated_logs_are_read_too(tmp_path: Path) -> None:
    _log(tmp_path, "feed-1.log.1", _line("2026-01-01T00:00:00.100Z", "feed-1"))
    assert len(lines_of_request(tmp_path, ID)) == 1


def test_a_line_that_is_no_json_is_shown_under_its_process(tmp_path: Path) -> None:
    _log(tmp_path, "postgres-users-a.log", f"LOG: slow statement /* {ID} */")
    (line,) = lines_of_request(tmp_path, ID)
    assert line.instance == "postgres-users-a"
    assert "slow statement" in str(line)
