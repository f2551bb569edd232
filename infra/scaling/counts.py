"""The number of processes of each role: drawn in the topology, or chosen by `make scale`.

A role is a service, such as "feed", or its workers, "feed-worker".
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from infra.control.failures import SuiteFailure
from infra.json_files import read_json, write_durably
from infra.plan.parts import Plan
from infra.topology import Service, Topology
from infra.topology_tables import TopologyError

WORKER = "-worker"
_LAST_BYTE_MAX = 254


def counts_of(plan: Plan) -> dict[str, int]:
    """Return the number of processes of every role that has any."""
    found: dict[str, int] = {}
    for name, service in plan.services.items():
        found[name] = len(service.replicas)
        if service.workers:
            found[name + WORKER] = len(service.workers)
    return found


def read_counts(file: Path) -> dict[str, int]:
    """Return the chosen counts; roles without one have as many processes as are drawn."""
    if not file.exists():
        return {}
    counts = read_json(file)
    wrong = [role for role, count in counts.items() if type(count) is not int or count < 1]
    if wrong:
        # The caretaker's loops go on after this error.
        raise SuiteFailure(f"{file}: {wrong[0]} is no number of processes of at least 1.")
    return counts


def write_counts(file: Path, counts: Mapping[str, int]) -> None:
    """Keep the chosen counts."""
    write_durably(file, json.dumps(dict(sorted(counts.items())), indent=2) + "\n")


def scaled(topology: Topology, counts: Mapping[str, int]) -> Topology:
    """Return the topology with the chosen counts; a new process has the next free address.

    A role that is no longer drawn has no effect, because nothing says where it would be.
    """
    services = dict(topology.services)
    for role, count in counts.items():
        name = role.removesuffix(WORKER)
        if name not in services:
            continue
        drawn = services[name]
        taken = _taken(services)
        if role == name:
            changed = replace(drawn, replicas=_addresses(role, drawn.replicas, count, taken))
        elif drawn.workers:
            changed = replace(drawn, workers=_addresses(role, drawn.workers, count, taken))
        else:
            continue
        services[name] = changed
    return replace(topology, services=services)


def _taken(services: Mapping[str, Service]) -> set[str]:
    return {a for service in services.values() for a in (*service.replicas, *service.workers)}


def _addresses(role: str, drawn: tuple[str, ...], count: int, taken: set[str]) -> tuple[str, ...]:
    """Return the first `count` drawn addresses, and the free ones behind them if that is more."""
    if count <= len(drawn):
        return drawn[:count]
    front, _dot, last = drawn[-1].rpartition(".")
    behind = [f"{front}.{byte}" for byte in range(int(last) + 1, _LAST_BYTE_MAX + 1)]
    free = [address for address in behind if address not in taken]
    more = count - len(drawn)
    if more > len(free):
        raise TopologyError(f"{role}: there are only {len(drawn) + len(free)} addresses for it.")
    return (*drawn, *free[:more])
