"""Measures what bounds the processes of a machine."""

import os
from pathlib import Path

from infra.control.supervisor import Supervisor
from infra.plan.parts import Plan
from infra.scaling.room import Machine
from infra.status.status import memory_by_pid
from infra.suite import Suite
from shared.http_server.processors import quota_processors


def machine_of(suite: Suite) -> Machine:
    """Measure this machine, and the largest running process of each role."""
    memory = _memory()
    return Machine(
        processors=min(float(len(os.sched_getaffinity(0))), quota_processors()),
        memory_bytes=memory["MemTotal"],
        memory_free_bytes=memory["MemAvailable"],
        bytes_by_role=_sizes(suite, suite.plan),
    )


def _sizes(suite: Suite, plan: Plan) -> dict[str, int]:
    supervisor = Supervisor(suite.folder)
    states = supervisor.states() if supervisor.is_running() else {}
    roles = {p.name: p.role for p in plan.processes if p.service in plan.services}
    pids = {name: states[name].pid for name in roles if name in states and states[name].pid}
    sizes = memory_by_pid(pids.values())
    found: dict[str, int] = {}
    for name, pid in pids.items():
        found[roles[name]] = max(found.get(roles[name], 0), sizes[pid])
    return found


def _memory() -> dict[str, int]:
    """Return the kernel's figures in bytes."""
    lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    named = (line.split(":", 1) for line in lines)
    return {name: int(value.split()[0]) * 1024 for name, value in named}
