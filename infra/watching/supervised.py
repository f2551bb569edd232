"""Publishes what the supervisor knows of every process, and how upkeep ended last.

Some processes, such as a fence, show no metrics; others cannot once they are down.
"""

import asyncio

from prometheus_client import Gauge

from infra.control.failures import SuiteFailure
from infra.control.health import is_healthy
from infra.control.supervisor import Supervisor
from infra.control.upkeep_outcomes import outcomes
from infra.latest_suite import LatestSuite
from infra.processes import processes_of
from infra.suite import Suite
from shared.jobs.pauses import pause
from shared.logs import get_logger

_LOOK_S = 5.0

RUNS = Gauge("retrato_process_runs", "Whether the supervisor has it running.", ["name", "service"])
STARTED = Gauge(
    "retrato_process_start_seconds",
    "When the supervisor last started it, in Unix time.",
    ["name", "service"],
)
UPKEEP_AT = Gauge(
    "retrato_upkeep_last_seconds", "When this command ended last, in Unix time.", ["command"]
)
UPKEEP_WELL = Gauge(
    "retrato_upkeep_is_well", "Whether all was as it should be when it ended last.", ["command"]
)

STORE_ANSWERS = Gauge(
    "retrato_store_answers", "Whether this object store of the suite answers.", ["name"]
)

log = get_logger()


async def watch_processes(suite: Suite, stop: asyncio.Event) -> None:
    """Look every five seconds until `stop` is set."""
    latest = LatestSuite(suite)
    while not stop.is_set():
        try:
            # Processes come and go while everything runs.
            processes = processes_of(latest.read())
            services = {process.name: process.service for process in processes}
            # They show no metrics of their own.
            stores = [process for process in processes if process.kind == "store"]
            await asyncio.to_thread(_look, suite, services)
            for store in stores:
                STORE_ANSWERS.labels(store.name).set(await is_healthy(suite, store))
        except (SuiteFailure, OSError, ValueError) as error:
            # The supervisor is ending, or a file is being replaced.
            log.warning("processes_not_seen", reason=str(error))
        await pause(stop, _LOOK_S)


def _look(suite: Suite, services: dict[str, str]) -> None:
    states = Supervisor(suite.folder).states()
    # What has left the topology leaves the metrics too.
    RUNS.clear()
    STARTED.clear()
    for name, state in states.items():
        service = services.get(name, "")
        RUNS.labels(name, service).set(state.is_up)
        if state.pid:
            STARTED.labels(name, service).set(state.since)
    for command, outcome in outcomes(suite).items():
        UPKEEP_AT.labels(command).set(outcome.at)
        UPKEEP_WELL.labels(command).set(outcome.is_well)
