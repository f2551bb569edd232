"""Adds and removes processes of a role while the suite serves.

The chosen number is kept before anything is done. So a call after an interruption finishes what is
left, and so does `make up`.
"""

import asyncio
import re
import time
from collections.abc import Collection, Mapping
from dataclasses import replace

from infra.control.failures import SuiteFailure
from infra.control.health import dns_addresses
from infra.control.late_settings import late_processes
from infra.control.progress import Progress
from infra.control.restart import renew_workers
from infra.control.start import start_process
from infra.control.stop import wait_stopped_names
from infra.control.supervisor import Supervisor
from infra.plan.parts import Plan
from infra.process import Process
from infra.processes import processes_of
from infra.rendering.everything import render_everything
from infra.scaling.counts import Choice, counts_of, read_choices, write_counts
from infra.scaling.machine_facts import machine_of
from infra.scaling.room import Room, room_of, rooms_of
from infra.suite import Suite, suite_in
from shared.logs import get_logger

# A check each second and a TTL of a second, on a busy machine.
_DNS_TIMEOUT_S = 20.0
_POLL_S = 0.1
# A start may take two minutes, and DNS its time; after that, the rest goes back quickly.
ADDITION_S, RETURN_S = 150.0, 60.0

log = get_logger()


def drawn_plan(suite: Suite) -> Plan:
    """Return the plan of the topology alone, without chosen numbers."""
    return _reopened(suite, is_scaled=False).plan


def rooms(suite: Suite) -> list[Room]:
    """Return the room of every role."""
    return rooms_of(suite.plan, drawn_plan(suite), machine_of(suite))


async def scale(
    suite: Suite,
    role: str,
    count: int,
    progress: Progress,
    *,
    may_be_alone: bool = False,
    by_automation: bool = False,
) -> Suite:
    """Run `count` processes of a role; returns the suite as it is then.

    Raises SuiteFailure with the reason and the largest possible number, before anything is done.
    """
    if not Supervisor(suite.folder).is_running():
        raise SuiteFailure("The suite is not up: `make up` starts it.")
    require_room(suite, role, count, may_be_alone=may_be_alone)
    choices = read_choices(suite.folder.scale_file)
    by_person = choices[role].by_person if by_automation and role in choices else None
    choices[role] = Choice(count, by_person if by_automation else count)
    if counts_of(drawn_plan(suite)).get(role) == count and by_person is None:
        # What the topology draws needs no choice, and follows the topology later.
        del choices[role]
    write_counts(suite.folder.scale_file, choices)
    suite = _reopened(suite)
    await follow_counts(suite, role, progress)
    return suite


async def add_or_go_back(suite: Suite, role: str, count: int, progress: Progress) -> None:
    """Run `count` processes for automation; if they do not come up, go back to the former number.

    Otherwise the next alert would add another one to those that failed. Raises SuiteFailure,
    OSError or TimeoutError in any case if they did not come up.
    """
    former = read_choices(suite.folder.scale_file)
    try:
        async with asyncio.timeout(ADDITION_S):
            await scale(suite, role, count, progress, by_automation=True)
    except (SuiteFailure, OSError, TimeoutError) as failure:
        if read_choices(suite.folder.scale_file) != former:
            await _go_back(suite, role, former, progress)
        raise SuiteFailure(str(failure) or f"it took more than {ADDITION_S:.0f} s") from None
    except asyncio.CancelledError:
        # There is no time left to stop anything; the next change of the role does it.
        write_counts(suite.folder.scale_file, former)
        raise


async def _go_back(
    suite: Suite, role: str, former: Mapping[str, Choice], progress: Progress
) -> None:
    write_counts(suite.folder.scale_file, former)
    try:
        async with asyncio.timeout(RETURN_S):
            await follow_counts(_reopened(suite), role, progress)
    except (SuiteFailure, OSError, TimeoutError) as failure:
        # The number is right, and the next change of the role stops what is too many.
        log.warning("addition_left_over", role=role, error=str(failure))


def require_room(suite: Suite, role: str, count: int, *, may_be_alone: bool) -> None:
    """Raise SuiteFailure unless a role may have that many processes."""
    known = counts_of(suite.plan)
    if role not in known:
        raise SuiteFailure(f"S= wants one of: {', '.join(sorted(known))}.")
    room = room_of(suite.plan, drawn_plan(suite), machine_of(suite), role)
    if count > room.most:
        raise SuiteFailure(f"{role} has room for {room.most} processes, not {count}: {room.why}.")
    least = 1 if may_be_alone else room.least
    if count < least:
        said = "; ALONE=1 allows a single one" if least > 1 else ""
        raise SuiteFailure(
            f"{role} keeps at least {least} processes, so that a restart or a crash of one is no"
            f" outage{said}."
        )


async def follow_counts(suite: Suite, role: str, progress: Progress) -> None:
    """Bring a role's processes to the chosen number; what is done already is left as it is.

    Raises SuiteFailure if a new process does not come up; the next call tries it again.
    """
    supervisor = Supervisor(suite.folder)
    processes = processes_of(suite)
    changed = render_everything(suite, processes)
    supervisor.reload()
    states = supervisor.states()
    planned = [process for process in processes if process.planned.role == role]
    new = [process for process in planned if not states[process.name].is_up]
    going = going_names(role, states, {process.name for process in planned})
    await asyncio.gather(*(_start(suite, supervisor, process, progress) for process in new))
    if role in suite.plan.services:
        await _wait_named(suite, role, new)
    # Balancers leave a process that goes, and find one that has come, before anything is stopped.
    late = {process.name for process in late_processes(suite)}
    for process in processes:
        if process.kind == "nginx" and process.name in changed | late:
            await renew_workers(suite, supervisor, process)
    await asyncio.to_thread(_stop, supervisor, going, _stop_wait_s(planned))
    for name in going:
        progress.say(f"{name} has finished its work: stopped")


def going_names(role: str, known: Collection[str], planned: Collection[str]) -> list[str]:
    """Return the processes of a role that the supervisor knows and the plan no longer has."""
    is_of_role = re.compile(rf"{re.escape(role)}-\d+")
    return sorted(name for name in known if is_of_role.fullmatch(name) and name not in planned)


async def _start(
    suite: Suite, supervisor: Supervisor, process: Process, progress: Progress
) -> None:
    took_s = await start_process(suite, supervisor, process, progress)
    progress.say(f"{process.name:<25} answers at {process.endpoint:<20} after {took_s:.1f} s")


async def _wait_named(suite: Suite, role: str, new: Collection[Process]) -> None:
    """Wait until DNS names every new instance, and none that is no longer planned."""
    service = suite.plan.services[role]
    wanted = {process.address for process in new}
    deadline_s = time.monotonic() + _DNS_TIMEOUT_S
    while True:
        named = await dns_addresses(suite, service.host)
        if wanted <= named <= set(service.replicas):
            return
        if time.monotonic() > deadline_s:
            raise SuiteFailure(
                f"{service.host} names {', '.join(sorted(named))} after {_DNS_TIMEOUT_S:.0f} s, and"
                f" not {', '.join(service.replicas)}: `make status` shows what is wrong."
            )
        await asyncio.sleep(_POLL_S)


def _stop(supervisor: Supervisor, names: list[str], longest_s: float) -> None:
    """Stop and remove processes, which drain and finish what they have begun."""
    for name in names:
        supervisor.begin_stop(name)
    wait_stopped_names(supervisor, names, longest_s)
    for name in names:
        supervisor.remove(name)


def _stop_wait_s(processes: Collection[Process]) -> float:
    return max((process.stop_wait_s for process in processes), default=0)


def _reopened(suite: Suite, *, is_scaled: bool = True) -> Suite:
    """Return the suite with the numbers that are chosen now, or with the drawn ones."""
    plan = suite_in(
        suite.folder, suite.plan.network, suite.limits, asked_failover=None, is_scaled=is_scaled
    ).plan
    return replace(suite, plan=plan)
