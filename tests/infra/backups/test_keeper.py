"""The backup keeper exits at an unexpected error, whatever is running, and is restarted."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import uvloop

from infra.backups.subprocesses import BackupFailure, Command, run_command
from infra.control.leftovers import is_alive
from infra.run_folder import REPOSITORY
from tests.eventually import eventually
from tests.suite import Suite

# The round fails unexpectedly while a program runs that writes output and ignores SIGTERM.
CRASHES = """
from infra.backups import keeper
from infra.backups.subprocesses import Command, run_command
from pathlib import Path
from shared.http_server import worker_app

worker_app.FINISH_S = 1.0
DEAF = ["sh", "-c", "trap '' TERM; while :; do echo a word that nobody reads; done"]

async def deaf(suite, complaints, stop):
    await run_command(Command(DEAF, {}, Path("/"), 600.0, marked=suite.folder.root), "It")

async def crash(rounds):
    raise RuntimeError("nobody foresaw this")

async def nothing(rounds, stop):
    await stop.wait()

keeper.watch_disks = deaf
keeper.Rounds.remember = keeper.Rounds.round = crash
keeper._keep_schedule = nothing
keeper.main()
"""
ENDED_WITHIN_S = 60.0


def test_an_unforeseen_error_ends_the_process_whatever_is_under_way(data_suite: Suite) -> None:
    environment = {**os.environ, "RETRATO_RUN_DIR": str(data_suite.run_dir)}
    environment.pop("RETRATO_NET", None)
    ended = subprocess.run(
        [sys.executable, "-c", CRASHES],
        cwd=REPOSITORY,
        env=environment,
        check=False,
        capture_output=True,
        text=True,
        timeout=ENDED_WITHIN_S,
    )
    said = ended.stdout + ended.stderr
    assert "keeper_crashed" in said
    assert "nobody foresaw this" in said


async def test_a_program_that_hears_nothing_ends_at_its_deadline(tmp_path: Path) -> None:
    deaf = ["sh", "-c", "trap '' TERM; echo $$; while :; do sleep 0.05; done"]
    heard: list[str] = []
    command = Command(deaf, {}, tmp_path, 0.5, marked=tmp_path)
    with pytest.raises(BackupFailure, match="was not done after"):
        await run_command(command, "It", tell=heard.append)
    assert not is_alive(int(heard[0]))


@pytest.mark.parametrize("given", [b"", b"a word", bytes(1_000_000)])
def test_a_program_need_not_hear_what_it_is_given(tmp_path: Path, given: bytes) -> None:
    deaf = Command(["sh", "-c", "exec 0<&-; echo done"], {}, tmp_path, 60.0, tmp_path, given)
    hears = Command(["wc", "-c"], {}, tmp_path, 60.0, tmp_path, given)

    async def run_many() -> set[str]:
        assert int(await run_command(hears, "It")) == len(given)
        return {await run_command(deaf, "It") for _time in range(20)}

    # The keeper runs on uvloop.
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        assert runner.run(run_many()) == {"done\n"}


async def test_a_keeper_that_has_ended_is_started_again(suite: Suite) -> None:
    before = suite.pid("backup-keeper")
    suite.kill("backup-keeper", signal.SIGTERM)

    async def is_there_again() -> None:
        assert suite.pid("backup-keeper") not in {0, before}
        assert await suite.is_healthy("backup-keeper")

    await eventually(is_there_again, within_s=60)
