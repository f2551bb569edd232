"""`make status` names the version that each process runs, and programs that were replaced."""

import shutil
import subprocess
from pathlib import Path

from infra.control.replaced_programs import runs_a_replaced_file
from infra.processes import processes_of
from infra.run_folder import RunFolder
from infra.status.status import Row
from infra.status.versions import version_lines
from infra.suite import suite_in

OLD, NEW = "1.0.0+0123456789ab", "1.1.0+fedcba987654"


def _rows(
    tmp_path: Path, versions: dict[str, str], *, old_programs: tuple[str, ...] = ()
) -> list[Row]:
    processes = processes_of(suite_in(RunFolder(tmp_path), "127.99"))
    return [
        Row(one, "answers", 1, 1, versions.get(one.name, ""), one.name in old_programs)
        for one in processes
    ]


def test_one_version_everywhere_is_one_line(tmp_path: Path) -> None:
    rows = _rows(tmp_path, {"users-1": NEW, "gateway-1": NEW})
    assert version_lines(rows, NEW) == [f"version {NEW} everywhere"]


def test_a_process_of_another_version_is_named(tmp_path: Path) -> None:
    (said,) = version_lines(_rows(tmp_path, {"users-1": OLD, "users-2": NEW}), NEW)
    assert said.startswith(f"version {OLD} still runs, and {NEW} is checked out: users-1;")


def test_a_suite_that_is_down_has_no_version(tmp_path: Path) -> None:
    assert version_lines(_rows(tmp_path, {}), NEW) == []


def test_a_program_that_was_replaced_is_named_by_its_service(tmp_path: Path) -> None:
    rows = _rows(tmp_path, {}, old_programs=("nginx-1", "nginx-2"))
    (said,) = version_lines(rows, NEW)
    assert said.startswith("programs were updated below running processes of nginx:")


def test_a_replaced_file_is_seen_at_its_process(tmp_path: Path) -> None:
    program = tmp_path / "program"
    shutil.copy2("/bin/sleep", program)
    with subprocess.Popen([program, "60"]) as process:
        try:
            assert not runs_a_replaced_file(process.pid)
            # As a package manager replaces a file.
            draft = tmp_path / "draft"
            shutil.copy2("/bin/sleep", draft)
            draft.replace(program)
            assert runs_a_replaced_file(process.pid)
        finally:
            process.kill()
