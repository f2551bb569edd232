"""A process knows how much of a processor its control groups leave it."""

import math
from pathlib import Path

import pytest

from shared.http_server.processors import (
    MOST,
    allowed_processors,
    quota_periods,
    quota_processors,
)


def allowed(folder: Path, groups: str, **files: str) -> float:
    (folder / "cgroup").write_text(groups, encoding="ascii")
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="ascii")
    return allowed_processors(folder / "cgroup", folder / "sys")


@pytest.mark.parametrize(
    ("quota", "processors"),
    [("15000 100000", 0.15), ("max 100000", MOST), ("400000 100000", MOST), ("broken", MOST)],
)
def test_a_quota_of_version_2_counts(tmp_path: Path, quota: str, processors: float) -> None:
    found = allowed(tmp_path, "0::/a/b\n", **{"sys/a/b/cpu.max": quota})
    assert found == processors


@pytest.mark.parametrize(("quota", "processors"), [("15000", 0.15), ("-1", MOST), ("0", MOST)])
def test_a_quota_of_version_1_counts(tmp_path: Path, quota: str, processors: float) -> None:
    files = {"sys/cpu/a/cpu.cfs_quota_us": quota, "sys/cpu/a/cpu.cfs_period_us": "100000"}
    assert allowed(tmp_path, "3:cpuset:/\n1:cpu,cpuacct:/a\n0::/\n", **files) == processors


def test_the_smallest_quota_of_all_groups_around_it_counts(tmp_path: Path) -> None:
    files = {"sys/a/cpu.max": "20000 100000", "sys/a/b/cpu.max": "50000 100000"}
    assert allowed(tmp_path, "0::/a/b\n", **files) == 0.2


def test_without_groups_it_is_one(tmp_path: Path) -> None:
    assert allowed_processors(tmp_path / "missing", tmp_path) == MOST
    assert allowed(tmp_path, "0::/\n") == MOST


@pytest.mark.parametrize(
    ("stat", "periods"),
    [("nr_periods 90\nnr_throttled 60\nthrottled_usec 5\n", (90, 60)), ("broken", (0, 0))],
)
def test_the_periods_are_those_of_the_smallest_quota(
    tmp_path: Path, stat: str, periods: tuple[int, int]
) -> None:
    files = {
        "sys/a/cpu.max": "20000 100000",
        "sys/a/cpu.stat": stat,
        "sys/a/b/cpu.max": "50000 100000",
        "sys/a/b/cpu.stat": "nr_periods 7\nnr_throttled 3\n",
    }
    assert allowed(tmp_path, "0::/a/b\n", **files) == 0.2
    assert quota_periods(tmp_path / "cgroup", tmp_path / "sys") == periods


def test_without_a_quota_there_are_no_periods(tmp_path: Path) -> None:
    assert allowed(tmp_path, "0::/a\n", **{"sys/a/cpu.max": "max 100000"}) == MOST
    assert quota_periods(tmp_path / "cgroup", tmp_path / "sys") == (0, 0)
    assert quota_periods(tmp_path / "missing", tmp_path) == (0, 0)


@pytest.mark.parametrize(
    ("quota", "processors"), [("150000 100000", 1.5), ("max 100000", math.inf)]
)
def test_the_quota_of_all_processes_may_be_more_than_one(
    tmp_path: Path, quota: str, processors: float
) -> None:
    (tmp_path / "cgroup").write_text("0::/a\n", encoding="ascii")
    (tmp_path / "sys" / "a").mkdir(parents=True)
    (tmp_path / "sys" / "a" / "cpu.max").write_text(quota, encoding="ascii")
    assert quota_processors(tmp_path / "cgroup", tmp_path / "sys") == processors
