"""The faults of a suite follow from its processes, and never reach beyond its supervisor."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from prove.faults import FAILOVER_CUT_KINDS, FAILOVER_KINDS, Breaker
from prove.history import Recorder, read_history
from prove.schedule import Planned
from prove.victims import Victims
from tests.eventually import eventually
from tests.suite import Suite

# What every part of the suite that serves people is given.
EXPECTED = {
    *(f"{deed} {role}" for deed in ("kill", "freeze") for role in ("gateway", "users", "upload")),
    *(f"{deed} {role}" for deed in ("kill", "freeze") for role in ("feed", "worker", "nginx")),
    *(f"{deed} {role}" for deed in ("kill", "freeze", "away") for role in ("primary", "replica")),
    *(
        f"{deed} {role}"
        for deed in ("kill", "freeze", "away")
        for role in ("redis", "store", "dns")
    ),
    *("away worker", "empty redis", "restart service"),
    *(
        f"{deed} {role}"
        for deed in ("kill", "freeze", "away")
        for role in ("backup-keeper", "mail")
    ),
}
# What only root can give, on a machine that lets it.
WANT_MORE = {"cut replica", "isolate primary", "fill primary"}


@pytest.fixture
def drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Suite:
    """A suite that nobody starts; only fixtures called `suite` need servers."""
    monkeypatch.setenv("RETRATO_BACKUPS", "on")
    return Suite(tmp_path / "run", "127.99")


@pytest.fixture
def breaker(drawn: Suite, tmp_path: Path) -> Iterator[Breaker]:
    recorder = Recorder(tmp_path / "history.jsonl", 0.0)
    yield Breaker(drawn, recorder)
    recorder.close()


@pytest.fixture
def victims(drawn: Suite) -> Victims:
    return Victims(drawn)


@pytest.fixture
def sleeper() -> Iterator[int]:
    with subprocess.Popen(["sleep", "60"]) as process:
        yield process.pid
        process.kill()


def test_every_kind_of_process_gets_its_faults(breaker: Breaker) -> None:
    assert set(breaker.kinds()) - WANT_MORE == EXPECTED
    assert {*breaker.kinds(), *breaker.left_out()} == EXPECTED | WANT_MORE


def test_what_the_machine_does_not_allow_is_left_out_by_name(
    breaker: Breaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert set(breaker.kinds()) == EXPECTED
    assert breaker.left_out() == dict.fromkeys(WANT_MORE, "it needs root")


def test_with_failover_each_named_loss_is_a_fault(drawn: Suite, tmp_path: Path) -> None:
    drawn.run_dir.mkdir(parents=True, exist_ok=True)
    drawn.on_disk.folder.failover_file.write_text("on\n", encoding="ascii")
    recorder = Recorder(tmp_path / "history.jsonl", 0.0)
    breaker = Breaker(Suite(tmp_path / "run", "127.99"), recorder)
    kinds = {*breaker.kinds(), *breaker.left_out()}
    recorder.close()
    assert {*FAILOVER_KINDS, *FAILOVER_CUT_KINDS, *WANT_MORE} <= kinds
    assert {kind.partition(" ")[0] for kind in kinds} == set(breaker.deeds)


def test_a_process_of_another_parent_is_no_target(
    drawn: Suite, victims: Victims, sleeper: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drawn, "pid", lambda _name: sleeper)
    # Whoever took the supervisor's number meanwhile: the first process of the machine.
    file = drawn.on_disk.folder.supervisor_pid_file
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("1\n", encoding="ascii")
    assert victims.pids("feed-1") == []
    file.write_text(f"{os.getpid()}\n", encoding="ascii")
    assert victims.pids("feed-1") == [sleeper]


def test_a_postgres_is_found_by_its_folder_and_not_by_a_number_alone(
    drawn: Suite, victims: Victims, sleeper: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = drawn.on_disk.folder.data / "postgres" / "users-a"
    folder.mkdir(parents=True)
    monkeypatch.setattr(drawn, "pid", lambda _name: 0)
    with subprocess.Popen(["sleep", "60"], cwd=folder) as server:
        (folder / "postmaster.pid").write_text(f"{server.pid}\n", encoding="ascii")
        assert victims.pids("postgres-users-a") == [server.pid]
        server.kill()
    (folder / "postmaster.pid").write_text(f"{sleeper}\n", encoding="ascii")
    assert victims.pids("postgres-users-a") == []


async def test_a_frozen_process_goes_on_and_both_is_recorded(
    breaker: Breaker, sleeper: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Victims, "pids", lambda _self, *_names: [sleeper])

    async def well(first: str = "") -> bool:
        # A busy machine delivers a signal a little later.
        await eventually(lambda: _is_in(sleeper, "SR"))
        return True

    monkeypatch.setattr(breaker, "is_well", well)
    async with breaker.deeds["freeze"]("feed-1"):
        await eventually(lambda: _is_in(sleeper, "T"))
    await breaker.give(Planned(1, "freeze feed", 0.0, 0.0, 0.0))
    (fault,) = read_history(tmp_path / "history.jsonl").faults
    assert (fault.kind, fault.targets) == ("freeze feed", ("feed-1",))
    assert fault.begin_s <= fault.healed_s <= fault.well_s < float("inf")


def _is_in(pid: int, states: str) -> None:
    """The process is in one of these states, which the kernel names by letters."""
    stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
    assert stat.rpartition(")")[2].split()[0] in states
