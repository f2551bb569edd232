"""Waits before a replica restarts until the other replicas can take over its load."""

import asyncio
import time
from collections.abc import Sequence

from infra.control.failures import SuiteFailure
from infra.control.health import are_healthy, is_healthy
from infra.control.progress import Progress
from infra.control.supervisor import Supervisor
from infra.leaders import leads
from infra.process import Process
from infra.processes import processes_of
from infra.suite import Suite

# An idle replica answers in a few milliseconds; a slower one already has a queue.
QUICK_S = 0.25
# Quick answers in a row that count, because a single one may be chance.
ANSWERS = 3
PATIENCE_S = 30.0
_PAUSE_S = 0.1


async def wait_for_others(
    suite: Suite, supervisor: Supervisor, process: Process, progress: Progress
) -> None:
    """Wait until the other replicas of a process's service answer quickly, or PATIENCE_S are over.

    Raises SuiteFailure if one of them does not run or answer, because `process` may be the last
    that serves. A process that does not answer itself may always restart. A Postgres replica needs
    a running primary to come back.
    """
    _require_primary(suite, supervisor, process)
    others = _others(suite, process)
    if not others or not await is_healthy(suite, process):
        return
    states = supervisor.states()
    _require(process, [other for other in others if not states[other.name].is_up], "run")
    deadline_s = time.monotonic() + PATIENCE_S
    in_a_row = 0
    while in_a_row < ANSWERS:
        began_s = time.monotonic()
        healthy = await are_healthy(suite, others)
        now_s = time.monotonic()
        in_a_row = in_a_row + 1 if all(healthy) and now_s - began_s <= QUICK_S else 0
        if now_s > deadline_s:
            silent = [other for other, is_well in zip(others, healthy, strict=True) if not is_well]
            _require(process, silent, "answer")
            progress.say(f"{process.name} restarts although the others are slow to answer")
            return
        await asyncio.sleep(_PAUSE_S)


def _require_primary(suite: Suite, supervisor: Supervisor, process: Process) -> None:
    if process.kind != "postgres":
        return
    node = suite.plan.member(process.server)
    if not leads(node) and not supervisor.state(f"postgres-{node.database}").is_up:
        raise SuiteFailure(
            f"{process.name} stays as it is: {node.database}, which it follows, does not run."
            " `make status` shows what is wrong, `make up` starts what is missing."
        )


def _others(suite: Suite, process: Process) -> list[Process]:
    service = suite.plan.services.get(process.service)
    if service is None or process.address not in service.replicas:
        return []
    return [
        other
        for other in processes_of(suite)
        if other.service == process.service
        and other.address in service.replicas
        and other.name != process.name
    ]


def _require(process: Process, missing: Sequence[Process], what: str) -> None:
    if missing:
        names = ", ".join(other.name for other in missing)
        raise SuiteFailure(
            f"{process.name} stays as it is: {names} does not {what}, so nobody else would serve."
            " `make status` shows what is wrong, `make up` starts what is missing."
        )
