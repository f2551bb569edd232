"""How many processes of a role fit: connections, memory, processors, and the reason; no I/O."""

from collections.abc import Mapping
from dataclasses import dataclass

from infra.plan.parts import Plan
from infra.scaling.counts import WORKER, counts_of
from infra.sizing import REDIS_CLIENTS_MAX
from shared.caching.redis_client import CONNECTIONS_MAX

# Of a server's connections, those of people, migrations, audits and exporters, and the three that
# Postgres keeps for superusers.
CONNECTIONS_KEPT = 20
# Beside its pool, a worker has a connection to each primary for events, and one for each lane of
# its jobs. Upload has most: five lanes.
LISTENERS_OF_WORKER = 8
# One event loop fills one processor. Twice as many processes fill the pauses of one another.
PROCESSES_PER_PROCESSOR = 2
# A part of the memory that stays free, for caches of files and for peaks.
MEMORY_KEPT = 0.1
# If no process of the role runs whose size could be measured.
MEMORY_BYTES_ASSUMED = 200_000_000
# With one process, each restart of it is an outage.
LEAST_REPLICAS, LEAST_WORKERS = 2, 1


@dataclass(frozen=True, slots=True)
class Machine:
    """The facts about a machine that bound the processes; sizes by role are in bytes.

    `processors` are those that the suite may use: a quota of a control group may be a fraction.
    """

    processors: float
    memory_bytes: int
    memory_free_bytes: int
    bytes_by_role: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Room:
    """A role's present, least and most number of processes, and what bounds the most."""

    role: str
    count: int
    least: int
    most: int
    why: str


def rooms_of(plan: Plan, drawn: Plan, machine: Machine) -> list[Room]:
    """Return the room of every role; `drawn` is the plan of the topology alone."""
    return [room_of(plan, drawn, machine, role) for role in counts_of(plan)]


def room_of(plan: Plan, drawn: Plan, machine: Machine, role: str) -> Room:
    """Return how many processes of a role the machine and its databases bear.

    What runs already is never too many, because the bounds are for what is added.
    """
    count = counts_of(plan)[role]
    bounds = [
        _by_processors(machine),
        _by_memory(machine, role, count),
        *_by_connections(plan, role),
        _by_redis(plan, role),
    ]
    most, why = min(bounds, key=lambda bound: bound[0])
    # What is drawn has been chosen by people who know the machine.
    usual = counts_of(drawn).get(role, 1)
    least = min(LEAST_WORKERS if role.endswith(WORKER) else LEAST_REPLICAS, usual)
    return Room(role, count, least, max(most, count, usual), why)


def _by_processors(machine: Machine) -> tuple[int, str]:
    most = int(machine.processors * PROCESSES_PER_PROCESSOR)
    return most, f"{machine.processors:g} processors have room for {most} processes of a kind"


def _by_memory(machine: Machine, role: str, count: int) -> tuple[int, str]:
    size = machine.bytes_by_role.get(role) or MEMORY_BYTES_ASSUMED
    kept = int(machine.memory_bytes * MEMORY_KEPT)
    free = max(machine.memory_free_bytes - kept, 0)
    more = free // size
    said = (
        f"{free / 1e6:.0f} MB of memory are free beyond the {kept / 1e6:.0f} MB that are kept, and"
        f" each needs {size / 1e6:.0f} MB"
    )
    return count + more, said


def _by_redis(plan: Plan, role: str) -> tuple[int, str]:
    """Return the bound of a service's Redis, which its instances and workers share."""
    service = plan.services[role.removesuffix(WORKER)]
    others = len(service.workers if role == service.name else service.replicas)
    said = (
        f"the Redis of {service.name} takes {REDIS_CLIENTS_MAX} connections, and each process has"
        f" up to {CONNECTIONS_MAX}"
    )
    return REDIS_CLIENTS_MAX // CONNECTIONS_MAX - others, said


def _by_connections(plan: Plan, role: str) -> list[tuple[int, str]]:
    """Return the bound of the databases of a service; the gateway has none, nor have others'."""
    service = role.removesuffix(WORKER)
    if service not in plan.own_groups:
        return []
    limits, drawn = plan.limits, plan.services[service]
    free = limits.postgres_connections_max - CONNECTIONS_KEPT
    of_replica = limits.postgres_pool_max
    of_worker = limits.postgres_pool_max + LISTENERS_OF_WORKER
    if role == service:
        most = (free - len(drawn.workers) * of_worker) // of_replica
    else:
        most = (free - len(drawn.replicas) * of_replica) // of_worker
    said = (
        f"{free} of {limits.postgres_connections_max} connections to each Postgres server are for"
        f" processes of {service}: {of_replica} for each instance, {of_worker} for each worker"
    )
    return [(most, said)]
