"""Restarts a service without failed requests: one replica at a time."""

import asyncio
import subprocess
import time
from collections.abc import Collection
from pathlib import Path

from infra.code_place import renew_code
from infra.control.failures import SuiteFailure
from infra.control.health import dns_addresses
from infra.control.member_restarts import restart_members
from infra.control.others import wait_for_others
from infra.control.progress import Progress
from infra.control.replaced_programs import runs_a_replaced_file
from infra.control.start import start_process
from infra.control.stop import wait_stopped
from infra.control.supervisor import Supervisor
from infra.process import Process
from infra.processes import processes_of
from infra.rendering.everything import render_everything
from infra.suite import Suite

_DNS_TIMEOUT_S = 10.0
# A store lets requests under way finish for ten seconds.
_STORE_TIMEOUT_S = 30.0
_POLL_S = 0.1
# A replica's first requests open connections and prepare statements; the others serve meanwhile.
_WARM_UP_S = 3.0


async def restart_rolling(suite: Suite, what: str, progress: Progress) -> None:
    """Restart the processes of a service, or the process of this name; raises SuiteFailure."""
    processes = processes_of(suite)
    chosen = [process for process in processes if what in {process.service, process.name}]
    if not chosen:
        known = ", ".join(sorted({process.service for process in processes}))
        raise SuiteFailure(f"S= wants one of: {known}; or the name of a process.")
    supervisor = Supervisor(suite.folder)
    if not supervisor.is_running():
        raise SuiteFailure("The suite is not up: `make up` starts it.")
    renew_code(suite.folder)
    render_everything(suite, processes)
    described = supervisor.reload()
    await _start_left_stopped(suite, supervisor, {process.service for process in chosen}, progress)
    if suite.plan.failover is not None:
        members = [process for process in chosen if process.kind == "postgres"]
        await restart_members(suite, supervisor, members, described, progress)
        chosen = [process for process in chosen if process.kind != "postgres"]
    for process in chosen:
        began_s = time.monotonic()
        if process.kind == "nginx" and not _is_outdated(supervisor, process):
            await renew_workers(suite, supervisor, process)
        elif process.kind == "store" and process.name not in described:
            await _renew_store(suite, supervisor, process)
        else:
            await wait_for_others(suite, supervisor, process, progress)
            await asyncio.to_thread(_stop, supervisor, process)
            if process.name in described:
                supervisor.renew(process.name)
            await start_process(suite, supervisor, process, progress)
            await _wait_in_use(suite, process)
        progress.say(f"{process.name:<25} is back after {time.monotonic() - began_s:.1f} s")


def _is_outdated(supervisor: Supervisor, process: Process) -> bool:
    """Whether nginx was updated: its master would go on with workers of the old program."""
    return runs_a_replaced_file(supervisor.state(process.name).pid)


async def restart_as_it_is(suite: Suite, name: str, progress: Progress) -> None:
    """Stop and start one process with the files and the copy of the code that it has.

    Nobody has chosen this moment, so it brings nothing new. Raises SuiteFailure.
    """
    process = next((one for one in processes_of(suite) if one.name == name), None)
    if process is None:
        raise SuiteFailure(f"There is no process {name}.")
    supervisor = Supervisor(suite.folder)
    if not supervisor.is_running():
        raise SuiteFailure("The suite is not up: `make up` starts it.")
    await wait_for_others(suite, supervisor, process, progress)
    await asyncio.to_thread(_stop, supervisor, process)
    await start_process(suite, supervisor, process, progress)
    await _wait_in_use(suite, process)


async def _start_left_stopped(
    suite: Suite, supervisor: Supervisor, services: Collection[str], progress: Progress
) -> None:
    """Start instances that an interrupted restart has stopped; nobody else starts those."""
    states = supervisor.states()
    for process in processes_of(suite):
        is_instance = process.service in services and process.service in suite.plan.services
        if is_instance and states[process.name].state == "STOPPED":
            progress.say(f"{process.name} was left stopped: starting it")
            await start_process(suite, supervisor, process, progress)
            # The others restart next, and this one must be found by then.
            await _wait_in_use(suite, process)


async def renew_workers(suite: Suite, supervisor: Supervisor, process: Process) -> None:
    """Reload nginx, because clients know a balancer's address and its socket must never close."""
    supervisor.signal(process.name, "HUP")
    # If nginx refuses its configuration, the old workers go on, which would look healthy.
    await asyncio.to_thread(require_accepted, process)
    await start_process(suite, supervisor, process)


def require_accepted(process: Process) -> None:
    """Raise SuiteFailure if a balancer's nginx would refuse its present files."""
    config, nginx = process.command[3], process.command[4]
    done = subprocess.run(
        [nginx, "-t", "-q", "-e", "stderr", "-c", config],
        check=False,
        capture_output=True,
        text=True,
        timeout=30,
    )
    if done.returncode:
        raise SuiteFailure(f"{process.name} keeps its old configuration:\n{done.stderr}")


async def _renew_store(suite: Suite, supervisor: Supervisor, process: Process) -> None:
    """Replace a store, which finishes its requests first; its open socket keeps callers waiting."""
    before = _own_pids(supervisor, process)
    supervisor.signal(process.name, "HUP")
    deadline_s = time.monotonic() + _STORE_TIMEOUT_S
    while not before.isdisjoint(_own_pids(supervisor, process)):
        if time.monotonic() > deadline_s:
            raise SuiteFailure(f"{process.name} was told to begin anew, and does not.")
        await asyncio.sleep(_POLL_S)
    await start_process(suite, supervisor, process)


def _own_pids(supervisor: Supervisor, process: Process) -> set[int]:
    """Return the children of a process, or the process itself if it has none."""
    pid = supervisor.state(process.name).pid
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    except OSError:  # it has just ended
        return set()
    return {int(child) for child in children} or {pid}


def _stop(supervisor: Supervisor, process: Process) -> None:
    supervisor.begin_stop(process.name)
    wait_stopped(supervisor, [process])


async def _wait_in_use(suite: Suite, process: Process) -> None:
    """Wait until DNS lists the process again and it has warmed up.

    Otherwise the next replica to stop might be the only one that is listed or fast.
    """
    service = suite.plan.services.get(process.service)
    if service is None or process.address not in service.replicas:
        return
    deadline_s = time.monotonic() + _DNS_TIMEOUT_S
    while process.address not in await dns_addresses(suite, service.host):
        if time.monotonic() > deadline_s:
            raise SuiteFailure(f"{process.name} answers, but {service.host} does not name it.")
        await asyncio.sleep(_POLL_S)
    await asyncio.sleep(_WARM_UP_S)
