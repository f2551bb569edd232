"""What a failed test shows of the suite's logs."""

from pathlib import Path

import pytest

from tests.suite_logs import complaints_since

AT_S = 1_767_225_600.0  # 2026-01-01T00:00:00Z
TROUBLE = (
    '{"ts":"2026-01-01T00:00:01.000Z","level":"warning","event":"told"}',
    "2026/01/01 00:00:01 [crit] 12#12: *7 open() failed (24: Too many open files)",
    "2026/01/01 00:00:01 [alert] 12#12: worker process 13 exited on signal 11",
    "2026-01-01 00:00:01.123 UTC [17] FATAL:  terminating connection",
    "2026-01-01 00:00:01,123 INFO exited: nginx-1 (exit status 1; not expected)",
)
NO_TROUBLE = (
    '{"ts":"2026-01-01T00:00:01.000Z","level":"info","event":"request"}',
    "2026/01/01 00:00:01 [notice] 12#12: signal 1 (SIGHUP) received",
    "2026-01-01 00:00:01.123 UTC [17] LOG:  checkpoint starting: time",
    "2025/12/31 23:59:59 [crit] 12#12: before the test",
    "no time at all",
)


@pytest.mark.parametrize("line", TROUBLE)
def test_trouble_of_every_kind_of_process_is_shown(tmp_path: Path, line: str) -> None:
    (tmp_path / "some.log").write_text(f"{line}\n", encoding="utf-8")
    assert complaints_since(tmp_path, AT_S) == line


@pytest.mark.parametrize("line", NO_TROUBLE)
def test_what_is_no_trouble_or_older_is_left_out(tmp_path: Path, line: str) -> None:
    (tmp_path / "some.log").write_text(f"{line}\n", encoding="utf-8")
    assert not complaints_since(tmp_path, AT_S)
