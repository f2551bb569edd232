"""Tells the operators' page what runs, because its own account may not ask the supervisor."""

import asyncio
import json
import os
import time
from collections.abc import Mapping
from typing import get_args

from prometheus_client import Counter, Gauge

from infra.accounts import account_for
from infra.control.failures import SuiteFailure
from infra.control.supervisor import ProcessState, Supervisor
from infra.latest_suite import LatestSuite
from infra.leaders import leader
from infra.ops.state import DatabaseNow, ProcessNow, RunState, StateNow, text_of
from infra.plan.parts import Database, PlannedProcess
from infra.status.machine_load import Use, memory_of, processor_seconds, uses_of
from infra.suite import Suite
from shared.jobs.pauses import pause
from shared.logs import get_logger

log = get_logger()

# A person sees a change within a few seconds, and a look costs some milliseconds.
_LOOK_S = 3.0
# Memory changes slowly, and reading it costs as much again.
_LOOKS_PER_MEMORY = 5
_STATES = get_args(RunState)
_FAULTS = (SuiteFailure, OSError, ValueError)

MACHINE = Counter(
    "retrato_machine_processor_seconds_total",
    "Seconds of all processors of the machine, by what they did.",
    ["mode"],
)
PROCESSORS = Gauge("retrato_machine_processors", "Processors that the suite may use.")
SUPERVISED = Counter(
    "retrato_supervised_processor_seconds_total",
    "Processor time of a process of the suite and its children.",
    ["process"],
)


async def publish_state(suite: Suite, stop: asyncio.Event, leaders: Mapping[str, str]) -> None:
    """Write the file every few seconds until `stop` is set.

    With failover, `leaders` maps databases to their leading members, "" for none.
    """
    look = Look(suite, leaders)
    while not stop.is_set():
        try:
            await asyncio.to_thread(look.publish)
        except _FAULTS as fault:
            log.warning("state_not_published", error=repr(fault))
        await pause(stop, _LOOK_S)


class Look:
    """What is remembered between two looks, because a load is the difference of two."""

    def __init__(self, suite: Suite, leaders: Mapping[str, str]) -> None:
        self._suite = suite
        self._latest = LatestSuite(suite)
        self._leaders = leaders
        self._looks = 0
        self._looked_s = 0.0
        self._uses: dict[str, Use] = {}
        self._memory: dict[str, int] = {}
        self._machine: dict[str, float] = {}

    def publish(self) -> None:
        """Look once, and write the file if there is a page to read it; raises one of _FAULTS."""
        # Processes come and go while everything runs, and so does the page.
        self._suite = self._latest.read()
        if self._suite.plan.watch is None:
            return
        state = self.state()
        file = self._suite.folder.state_file
        draft = file.with_name(file.name + ".draft")
        draft.touch(mode=0o600)
        draft.write_text(text_of(state), encoding="utf-8")
        account_for("ops").own(draft, 0o400)
        draft.replace(file)

    def state(self) -> StateNow:
        """Return the state now, and count the processor time since the last look."""
        states = Supervisor(self._suite.folder).states()
        loads = self._loads({name: one.pid for name, one in states.items() if one.pid})
        self._count_machine()
        return StateNow(
            at=time.time(),
            has_failover=self._suite.plan.failover is not None,
            processes=tuple(
                self._process(planned, states.get(planned.name), loads)
                for planned in self._suite.plan.processes
            ),
            databases=tuple(self._database(one) for one in self._suite.plan.databases),
        )

    def _loads(self, pids: Mapping[str, int]) -> dict[str, float]:
        now_s = time.monotonic()
        uses = uses_of(pids)
        passed_s = now_s - self._looked_s
        # A process that was started anew has used less than before.
        used = {
            name: max(0.0, use.processor_s - self._uses[name].processor_s)
            for name, use in uses.items()
            if name in self._uses
        }
        for name, seconds in used.items():
            SUPERVISED.labels(name).inc(seconds)
        if self._looks % _LOOKS_PER_MEMORY == 0:
            self._memory = memory_of(pids)
        self._looks, self._looked_s, self._uses = self._looks + 1, now_s, uses
        return {name: seconds / passed_s for name, seconds in used.items()}

    def _count_machine(self) -> None:
        PROCESSORS.set(len(os.sched_getaffinity(0)))
        now = processor_seconds()
        for mode, seconds in now.items():
            MACHINE.labels(mode).inc(max(0.0, seconds - self._machine.get(mode, seconds)))
        self._machine = now

    def _process(
        self, planned: PlannedProcess, state: ProcessState | None, loads: Mapping[str, float]
    ) -> ProcessNow:
        use = self._uses.get(planned.name)
        said = state.state if state and state.state in _STATES else "UNKNOWN"
        if use is not None and use.is_halted and said == "RUNNING":
            said = "FROZEN"
        return ProcessNow.model_validate(
            {
                "name": planned.name,
                "service": planned.service,
                "kind": planned.kind,
                "address": planned.address,
                "state": said,
                "since": state.since if state else 0,
                "processors": round(loads.get(planned.name, 0.0), 3),
                "memory_bytes": self._memory.get(planned.name, 0),
                "server": planned.server,
            }
        )

    def _database(self, database: Database) -> DatabaseNow:
        document = json.loads(
            self._suite.folder.shard_map(database.service).read_text(encoding="utf-8")
        )
        plain = leader(database).name if self._suite.plan.failover is None else ""
        return DatabaseNow(
            name=database.name,
            service=database.service,
            shards=tuple(
                (one["first"], one["last"])
                for one in document["shards"]
                if one["primary"] == database.name
            ),
            leader=self._leaders.get(database.name, plain),
            members=tuple(member.name for member in database.members),
        )
