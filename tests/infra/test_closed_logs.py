"""Logs name people's addresses: other users of the machine neither enter their folder nor read."""

from pathlib import Path

from infra.plan.planning import plan_of
from infra.processes import processes_of
from infra.rendering.differences import changed_files
from infra.rendering.everything import render_everything
from infra.run_folder import RunFolder
from infra.suite import Suite as OnDisk
from infra.topology import load_topology
from tests.suite import Suite


def _mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_logs_of_an_earlier_version_are_closed_by_a_start(tmp_path: Path) -> None:
    plan = plan_of(load_topology(network="127.99"))
    suite = OnDisk(plan, RunFolder(tmp_path), Path("/decoder/python"), may_make_keys=True)
    render_everything(suite, processes_of(suite))
    suite.folder.log.chmod(0o755)
    logs = [suite.folder.log / name for name in ("feed-1.log", "feed-1.log.1", "supervisord.out")]
    for log in logs:
        log.touch()
        log.chmod(0o644)
    changed_files(suite, processes_of(suite))
    assert {_mode(log) for log in logs} == {0o644}, "a comparison changed a file"
    render_everything(suite, processes_of(suite))
    assert _mode(suite.folder.log) == 0o750
    assert {_mode(log) for log in logs} == {0o640}


def test_a_running_suite_has_closed_logs(data_suite: Suite) -> None:
    logs = list(data_suite.log_dir.iterdir())
    assert len(logs) > 1
    assert _mode(data_suite.log_dir) == 0o750
    assert {log.name: _mode(log) & 0o137 for log in logs} == {log.name: 0 for log in logs}


def test_logs_that_the_supervisor_rotates_are_closed_too(data_suite: Suite) -> None:
    pid = data_suite.on_disk.folder.supervisor_pid_file.read_text(encoding="ascii").strip()
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    assert "\nUmask:\t0027\n" in status
