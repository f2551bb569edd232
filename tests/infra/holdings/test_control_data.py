"""The state of real data folders, complete or damaged, is read without starting a server."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.accounts import account_for
from infra.holdings.control_data import (
    FolderDamaged,
    log_reaches,
    read_control_data,
    require_log,
    require_parts,
    segments_of,
)
from infra.holdings.positions import parse_position
from infra.programs import postgres_program

# A header of 26 bytes and the checkpoint of 88, in multiples of eight.
SHUTDOWN_RECORD_BYTES = 120
WRITES = "CREATE TABLE some (one int);\nINSERT INTO some SELECT generate_series(1, 1000);\n"


@pytest.fixture(scope="module")
def ground() -> Iterator[Path]:
    """A folder that Postgres' user can enter, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp(prefix="control-data-"))
    account_for("postgres").own(folder, 0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def closed(ground: Path) -> Path:
    """A cluster that was shut down cleanly."""
    folder = ground / "closed"
    _run(ground, "initdb", "-N", "-A", "trust", "-U", "postgres", f"--pgdata={folder}")
    return folder


@pytest.fixture(scope="module")
def killed(ground: Path, closed: Path) -> tuple[Path, int]:
    """A cluster that was killed after some writes, and its WAL position at that time."""
    folder = _copy(closed, ground / "killed")
    process = subprocess.Popen(
        _command(ground, "postgres", "--single", "-D", str(folder), "postgres"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(WRITES + "SELECT pg_current_wal_flush_lsn();\n")
    process.stdin.flush()
    said = next(line for line in process.stdout if 'pg_current_wal_flush_lsn = "' in line)
    process.kill()
    process.wait()
    process.stdin.close()
    process.stdout.close()
    return folder, parse_position(said.split('"')[1])


def _command(ground: Path, name: str, *arguments: str) -> list[str]:
    prefix = account_for("postgres").command_prefix(ground)
    return [*prefix, postgres_program(name), *arguments]


def _run(ground: Path, name: str, *arguments: str) -> None:
    subprocess.run(_command(ground, name, *arguments), check=True, stdout=subprocess.DEVNULL)


def _copy(source: Path, target: Path) -> Path:
    subprocess.run(["cp", "-a", str(source), str(target)], check=True)
    return target


def test_a_cluster_that_ended_in_order_says_how_far_it_goes(closed: Path) -> None:
    control = read_control_data(closed)
    assert control.was_closed
    assert control.timeline == 1
    assert control.position == control.checkpoint > 0
    assert int(control.system_identifier) > 0
    require_log(closed, control)


def test_a_cluster_that_ended_in_order_goes_to_the_end_of_its_last_record(closed: Path) -> None:
    # A replica that was still connected has replayed that record, and is no newer for it.
    control = read_control_data(closed)
    next_record = control.checkpoint + SHUTDOWN_RECORD_BYTES
    assert log_reaches(closed, control, next_record)
    assert not log_reaches(closed, control, next_record + SHUTDOWN_RECORD_BYTES)


def test_a_killed_cluster_goes_as_far_as_its_log(killed: tuple[Path, int]) -> None:
    folder, end = killed
    control = read_control_data(folder)
    assert not control.was_closed
    assert control.position < end
    assert log_reaches(folder, control, end)
    assert not log_reaches(folder, control, end + 10_000)


def _look(folder: Path) -> None:
    read_control_data(folder)
    require_parts(folder)


@pytest.mark.parametrize("name", ["PG_VERSION", "base", "pg_xact", "pg_wal", "global/pg_control"])
def test_a_folder_without_its_files_is_damaged(ground: Path, closed: Path, name: str) -> None:
    folder = _copy(closed, ground / f"without-{Path(name).name}")
    (folder / name).rename(ground / f"the-lost-{Path(name).name}")
    with pytest.raises(FolderDamaged, match=Path(name).name):
        _look(folder)


@pytest.mark.parametrize("content", [b"", b"\0" * 8192, b"\1" * 8192], ids=["empty", "0", "1"])
def test_a_garbled_control_file_is_damage(ground: Path, closed: Path, content: bytes) -> None:
    folder = _copy(closed, ground / f"garbled-{len(content)}-{content[:1].hex()}")
    (folder / "global" / "pg_control").write_bytes(content)
    with pytest.raises(FolderDamaged, match="pg_control"):
        read_control_data(folder)


def test_a_log_without_its_checkpoint_is_damage(ground: Path, closed: Path) -> None:
    folder = _copy(closed, ground / "no-checkpoint")
    control = read_control_data(folder)
    for segment in (folder / "pg_wal").glob("0*"):
        segment.unlink()
    with pytest.raises(FolderDamaged, match="segment of its last checkpoint"):
        require_log(folder, control)


def test_a_gap_in_the_log_is_damage(ground: Path, closed: Path) -> None:
    folder = _copy(closed, ground / "gap")
    control = read_control_data(folder)
    first = control.segment_of(control.redo)
    there = folder / "pg_wal" / f"00000001{0:08X}{first:08X}"
    shutil.copy(there, there.with_name(f"00000001{0:08X}{first + 2:08X}"))
    assert segments_of(folder, control) == [first, first + 2]
    with pytest.raises(FolderDamaged, match="lacks the segment at"):
        require_log(folder, control)
