"""Computes sizes from the topology and the machine, so that nobody has to enter them."""

import os
import resource
from dataclasses import dataclass

from infra.plan.parts import Plan
from shared.http_server.queue_rules import LASTING_MAX, QueueRules

# A balancer's worker is one thread. With two, a large file does not hold up everything else. Eight
# were always enough for the gateways behind them.
_WORKERS_MIN, _WORKERS_MAX = 2, 8
# One client address has at most 65,535 ports, so it cannot fill two workers of this size. A worker
# uses half a kilobyte for an idle connection.
_FILES_MAX = 65_536
# The share of a worker's files for connections; the rest is for kept replies, logs and the cache.
_CONNECTIONS_SHARE = 0.75
# The connections that each Redis takes; a process has up to 32 to the one of its service.
REDIS_CLIENTS_MAX = 1000
# An address may have a quarter of all connections, since a carrier's thousands may share it.
_ADDRESSES_TO_FILL_IT = 4


@dataclass(frozen=True, slots=True)
class Machine:
    """The facts about a machine that sizes depend on."""

    processors: int
    files_per_process_max: int


@dataclass(frozen=True, slots=True)
class EdgeSizes:
    """The sizes of one balancer; `…_per_address` is for one client address."""

    workers: int
    files_per_worker: int
    connections_per_worker: int
    kept_connections: int
    connections_per_address: int
    requests_per_address: int
    bodies_per_address: int
    streams_per_address: int


def this_machine() -> Machine:
    """Return this machine's facts; only root may raise the limit of files."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    files = _FILES_MAX if os.geteuid() == 0 else min(hard, _FILES_MAX)
    return Machine(len(os.sched_getaffinity(0)), files)


def at_work_max(plan: Plan, service: str) -> int:
    """Return the number of requests that a process of a service handles at once.

    A service handles as many as can have a connection to its databases. A gateway handles its part
    of what the replicas of one service handle, because a request is at one service at a time.
    """
    if service in plan.groups:
        nodes = len(plan.groups[service].members)
        return plan.limits.postgres_pool_max * nodes
    behind = sum(
        at_work_max(plan, name) * len(plan.services[name].replicas) for name in plan.groups
    )
    return behind // len(plan.groups) // len(plan.services[service].replicas)


def edge_sizes(plan: Plan, machine: Machine) -> EdgeSizes:
    """Return the sizes of each balancer."""
    gateways = len(plan.services["gateway"].replicas)
    rules = QueueRules(at_work_max(plan, "gateway"), plan.limits.wait_ms_max / 1000)
    held_by_gateway = rules.at_work_max + rules.waiting_max
    connections = int(machine.files_per_process_max * _CONNECTIONS_SHARE)
    workers = max(_WORKERS_MIN, min(machine.processors, _WORKERS_MAX))
    return EdgeSizes(
        workers=workers,
        files_per_worker=machine.files_per_process_max,
        connections_per_worker=connections,
        # A new connection to a gateway needs a handshake, which costs far more than a request.
        kept_connections=gateways * held_by_gateway,
        connections_per_address=connections * workers // _ADDRESSES_TO_FILL_IT,
        requests_per_address=held_by_gateway,
        bodies_per_address=plan.nginx.bodies_at_once_per_address,
        streams_per_address=gateways * LASTING_MAX // 2,
    )
