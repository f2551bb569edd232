"""A server's lock file that outlived it is told from one that a server holds."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.control.leftovers import processes_in
from infra.control.postgres_data import drop_stale_lock


@pytest.fixture
def elsewhere() -> Iterator[int]:
    """The number of a process that works in another folder."""
    with subprocess.Popen(["sleep", "60"], cwd="/") as process:
        yield process.pid
        process.kill()


def _lock(folder: Path, text: str) -> Path:
    file = folder / "postmaster.pid"
    file.write_text(text, encoding="ascii")
    return file


def test_a_lock_whose_number_has_another_process_now_is_removed(
    tmp_path: Path, elsewhere: int
) -> None:
    lock = _lock(tmp_path, f"{elsewhere}\n{tmp_path}\n")
    assert drop_stale_lock(tmp_path)
    assert not lock.exists()


def test_a_lock_whose_number_has_no_process_is_removed(tmp_path: Path) -> None:
    with subprocess.Popen(["true"]) as process:
        process.wait()
    lock = _lock(tmp_path, f"{process.pid}\n{tmp_path}\n")
    assert drop_stale_lock(tmp_path)
    assert not lock.exists()


def test_a_lock_whose_process_works_in_the_folder_stays(tmp_path: Path) -> None:
    with subprocess.Popen(["sleep", "60"], cwd=tmp_path) as process:
        lock = _lock(tmp_path, f"{process.pid}\n{tmp_path}\n")
        assert processes_in(tmp_path) == {process.pid}
        assert not drop_stale_lock(tmp_path)
        process.kill()
    assert lock.exists()


@pytest.mark.parametrize("text", ["", "\n", "no number\n"])
def test_a_lock_that_names_nobody_stays_for_a_person(tmp_path: Path, text: str) -> None:
    lock = _lock(tmp_path, text)
    assert not drop_stale_lock(tmp_path)
    assert lock.exists()


def test_no_lock_is_nothing_to_remove(tmp_path: Path) -> None:
    assert not drop_stale_lock(tmp_path)
    assert not list(tmp_path.iterdir())
