"""Sizes that follow from the topology and from the machine: none of them is typed in anywhere."""

import os
import resource
from dataclasses import dataclass

from infra.plan.parts import Plan
from shared.http_server.queue_rules import LASTING_MAX, QueueRules

# A balancer's worker is one thread. Two keep a large file from holding up everything else; more
# than eight have never been short before the gateways were.
_WORKERS_MIN, _WORKERS_MAX = 2, 8
# One address has at most 65,535 ports to come from: two workers that hold half of them each cannot
# be filled by it. A worker's memory for a connection that says nothing is half a kilobyte.
_FILES_MAX = 65_536
# Of the files of a worker: the rest is for kept replies, logs and the cache.
_CONNECTIONS_SHARE = 0.75
# So many addresses are needed to take all connections; behind one may be a carrier's thousands.
_ADDRESSES_TO_FILL_IT = 4


@dataclass(frozen=True, slots=True)
class Machine:
    """What the sizes of processes on it depend on."""

    processors: int
    files_per_process_max: int


@dataclass(frozen=True, slots=True)
class EdgeSizes:
    """Of one balancer; shares are those of one client address."""

    workers: int
    files_per_worker: int
    connections_per_worker: int
    kept_connections: int
    connections_per_address: int
    requests_per_address: int
    bodies_per_address: int
    streams_per_address: int


def this_machine() -> Machine:
    """The machine at hand; root may raise the limit of files, others may not."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    files = _FILES_MAX if os.geteuid() == 0 else min(hard, _FILES_MAX)
    return Machine(len(os.sched_getaffinity(0)), files)


def at_work_max(plan: Plan, service: str) -> int:
    """Requests that a process of a service works on at once.

    A service: as many as can have a connection to its databases. A gateway: its part of what the
    replicas of one service work on, because a request is at one of them at a time.
    """
    if service in plan.groups:
        nodes = len(plan.groups[service].members)
        return plan.limits.postgres_pool_max * nodes
    behind = sum(
        at_work_max(plan, name) * len(plan.services[name].replicas) for name in plan.groups
    )
    return behind // len(plan.groups) // len(plan.services[service].replicas)


def edge_sizes(plan: Plan, machine: Machine) -> EdgeSizes:
    """What a balancer holds at once."""
    gateways = len(plan.services["gateway"].replicas)
    rules = QueueRules(at_work_max(plan, "gateway"), plan.limits.wait_ms_max / 1000)
    held_by_gateway = rules.at_work_max + rules.waiting_max
    connections = int(machine.files_per_process_max * _CONNECTIONS_SHARE)
    workers = max(_WORKERS_MIN, min(machine.processors, _WORKERS_MAX))
    return EdgeSizes(
        workers=workers,
        files_per_worker=machine.files_per_process_max,
        connections_per_worker=connections,
        # A new connection to a gateway costs a handshake, many times what a request costs.
        kept_connections=gateways * held_by_gateway,
        connections_per_address=connections * workers // _ADDRESSES_TO_FILL_IT,
        requests_per_address=held_by_gateway,
        bodies_per_address=plan.nginx.bodies_at_once_per_address,
        streams_per_address=gateways * LASTING_MAX // 2,
    )
