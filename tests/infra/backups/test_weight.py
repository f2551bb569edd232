"""Backups run at a lower priority than requests, except when a primary's archiving waits."""

from pathlib import Path

from infra.backups.subprocesses import GIVES_WAY, Command, run_command
from infra.processes import NICE_BEHIND_THE_DOOR, processes_of
from tests.suite import Suite


async def test_what_runs_beside_the_suite_takes_what_nothing_else_wants(tmp_path: Path) -> None:
    asks = Command([*GIVES_WAY, "sh", "-c", "nice; ionice"], {}, tmp_path, 60.0, tmp_path)
    assert (await run_command(asks, "It")).split() == ["19", "idle"]


def test_the_store_of_backups_weighs_as_much_as_the_primaries_whose_wal_it_takes(
    data_suite: Suite,
) -> None:
    processes = {process.name: process for process in processes_of(data_suite.on_disk)}
    niceness = {processes[name].niceness for name in ("backup-store", "postgres-users-a")}
    assert niceness == {NICE_BEHIND_THE_DOOR}
