"""Each file system with data of the suite is measured separately and named."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.control.disk_space import require_disk_space, short_of_disk_space
from infra.control.failures import SuiteFailure
from infra.run_folder import RunFolder
from infra.suite import Suite, suite_in

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root mounts file systems")
SMALL = "size=8m"


@pytest.fixture
def on_disk(tmp_path: Path) -> Suite:
    return suite_in(RunFolder(tmp_path.resolve()), "127.21")


@pytest.fixture(params=["postgres/users-a", "postgres/feed-b/pg_wal", "redis/feed", "store"])
def small(on_disk: Suite, request: pytest.FixtureRequest) -> Iterator[Path]:
    place = on_disk.folder.data / request.param
    place.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", SMALL, "tmpfs", str(place)], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


@as_root
@pytest.mark.parametrize("runs", [True, False])
def test_a_small_file_system_is_named(on_disk: Suite, small: Path, *, runs: bool) -> None:
    with pytest.raises(SuiteFailure, match=f"Only 8 MiB are free.* of {small}:") as told:
        require_disk_space(on_disk, runs=runs)
    assert "Make room" in str(told.value)


@as_root
def test_room_that_was_made_is_seen(on_disk: Suite, small: Path) -> None:
    assert len(short_of_disk_space(on_disk)) == 1
    subprocess.run(["mount", "-o", "remount,size=128m", str(small)], check=True)
    assert not short_of_disk_space(on_disk)


def test_the_root_is_measured_once(on_disk: Suite) -> None:
    for node in on_disk.plan.members:
        (on_disk.folder.data / "postgres" / node.name).mkdir(parents=True)
    (sentence,) = short_of_disk_space(on_disk, root_bytes_min=1 << 62)
    assert f"the file system of {on_disk.folder.root}: " in sentence
