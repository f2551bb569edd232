"""Stops the suite from the edge inwards, and checks that no process is left."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from infra.control.failures import SuiteFailure
from infra.control.leftovers import end_leftovers, is_alive, leftover_pids
from infra.control.ports import EVERY_ADDRESS, listeners_at
from infra.control.progress import Progress
from infra.control.supervisor import Supervisor, SupervisorSilent
from infra.failover.patroni import leading, standings_of
from infra.process import Process, Tier
from infra.processes import processes_of
from infra.suite import Suite

_POLL_S = 0.1
_SUPERVISOR_END_S = 90.0
_END_TIMEOUT_S = 30.0
_SILENCE_S = 10.0
_ALIVE = {"STARTING", "RUNNING", "STOPPING"}
# Outside in, so that no process gets requests when it stops.
_STEPS = (
    ("watchers", {Tier.WATCHERS}),
    ("balancers", {Tier.BALANCERS}),
    ("gateways and services", {Tier.GATEWAYS, Tier.SERVICES}),
    ("replicas", {Tier.REPLICAS}),
    ("databases, Redis, store and names", {Tier.DATA}),
    ("the store of backups", {Tier.BACKUPS}),
)


def _nothing() -> None:
    """Do nothing before the data tier stops."""


def stop_suite(
    suite: Suite, progress: Progress, *, before_data_stops: Callable[[], None] = _nothing
) -> bool:
    """Stop everything; returns False if nothing ran. The data stays.

    `before_data_stops` is called when all writers have stopped and the databases still answer.
    """
    processes = processes_of(suite)
    supervisor = Supervisor(suite.folder)
    try:
        ran = supervisor.is_running()
    except SupervisorSilent as silence:
        progress.say(str(silence).partition(".")[0])
        ran = False
    if ran:
        _stop_by_tier(suite, supervisor, processes, progress, before_data_stops)
        _end_supervisor(suite, supervisor)
    endpoints = suite.plan.endpoints
    left = leftover_pids(suite.folder, endpoints)
    if left:
        progress.say(f"ending {len(left)} processes without a supervisor")
        end_leftovers(suite.folder, endpoints, timeout_s=_END_TIMEOUT_S)
    _require_silence(suite, endpoints)
    return ran or bool(left)


def _stop_by_tier(
    suite: Suite,
    supervisor: Supervisor,
    processes: tuple[Process, ...],
    progress: Progress,
    before_data_stops: Callable[[], None],
) -> None:
    for title, tiers in _STEPS:
        if Tier.REPLICAS in tiers:
            before_data_stops()
            # Who leads now stops last, so that nobody is promoted during the stop.
            processes = with_present_roles(suite, processes)
        states = supervisor.states()
        going = [p for p in processes if p.tier in tiers and p.name in states]
        going = [p for p in going if states[p.name].state not in {"STOPPED", "FATAL"}]
        for process in going:
            supervisor.begin_stop(process.name)
        for process in going:
            # A second signal skips the draining, because no more requests come.
            if process.kind == "service":
                supervisor.signal(process.name, "TERM")
        wait_stopped(supervisor, going)
        if going:
            progress.say(f"{title}: {len(going)} stopped")


def with_present_roles(suite: Suite, processes: tuple[Process, ...]) -> tuple[Process, ...]:
    """Return the processes with the tiers of the servers' present roles, if these may change."""
    if suite.plan.failover is None:
        return processes
    first = asyncio.run(_leading_members(suite))
    return tuple(
        replace(process, tier=Tier.DATA if process.server in first else Tier.REPLICAS)
        if process.kind == "postgres"
        else process
        for process in processes
    )


async def _leading_members(suite: Suite) -> set[str]:
    found = await asyncio.gather(*(standings_of(suite, one) for one in suite.plan.databases))
    first = [leading(standings) for standings in found]
    return {one.member.name for one in first if one is not None}


def wait_stopped(supervisor: Supervisor, processes: list[Process]) -> None:
    """Wait until the processes have ended; the supervisor kills those that exceed their time."""
    longest_s = max((process.stop_wait_s for process in processes), default=0)
    wait_stopped_names(supervisor, [process.name for process in processes], longest_s)


def wait_stopped_names(supervisor: Supervisor, wanted: Sequence[str], longest_s: float) -> None:
    """Wait until these have ended, for at most `longest_s` and a margin; raises SuiteFailure."""
    names = set(wanted)
    deadline_s = time.monotonic() + longest_s + 10
    while names:
        states = supervisor.states()
        # systemd forgets a stopped unit without a file.
        names = {name for name in names if name in states and states[name].state in _ALIVE}
        if names and time.monotonic() > deadline_s:
            raise SuiteFailure(f"These do not stop: {', '.join(sorted(names))}.")
        time.sleep(_POLL_S)


def _end_supervisor(suite: Suite, supervisor: Supervisor) -> None:
    pid = 0
    with contextlib.suppress(OSError, ValueError):
        pid = int(suite.folder.supervisor_pid_file.read_text(encoding="ascii"))
    supervisor.end()
    deadline_s = time.monotonic() + _SUPERVISOR_END_S
    while pid and is_alive(pid):
        if time.monotonic() > deadline_s:
            raise SuiteFailure(f"The supervisor (pid {pid}) does not end.")
        time.sleep(_POLL_S)


def _require_silence(suite: Suite, endpoints: set[tuple[str, int]]) -> None:
    deadline_s = time.monotonic() + _SILENCE_S
    while True:
        left = leftover_pids(suite.folder, endpoints)
        listening = [held for held in listeners_at(endpoints) if held.address not in EVERY_ADDRESS]
        if not (left or listening):
            return
        if time.monotonic() > deadline_s:
            break
        # A child of a process that has just ended may need a moment to notice.
        time.sleep(_POLL_S)
    raise SuiteFailure(
        "Not everything has stopped. Processes: "
        + (", ".join(map(str, sorted(left))) or "none")
        + ". Listening: "
        + ("; ".join(map(str, listening)) or "nothing")
        + "."
    )
