"""The number of processes of each role: drawn in the topology, or chosen by `make scale`.

A role is a service, such as "feed", or its workers, "feed-worker".
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from infra.address_ranges import free_behind
from infra.control.failures import SuiteFailure
from infra.json_files import read_json, write_durably
from infra.plan.parts import Plan
from infra.topology import Topology, addresses_of
from infra.topology_tables import TopologyError

WORKER = "-worker"


@dataclass(frozen=True, slots=True)
class Choice:
    """A role's number of processes, and the number that a person chose, which is the least.

    They differ if automation has added some since. Without a person's choice, `by_person` is None.
    """

    count: int
    by_person: int | None = None


def counts_of(plan: Plan) -> dict[str, int]:
    """Return the number of processes of every role that has any."""
    found: dict[str, int] = {}
    for name, service in plan.services.items():
        found[name] = len(service.replicas)
        if service.workers:
            found[name + WORKER] = len(service.workers)
    return found


def read_choices(file: Path) -> dict[str, Choice]:
    """Return the choices; raises SuiteFailure if the file is broken."""
    if not file.exists():
        return {}
    read = read_json(file)
    choices = {role: _choice(said) for role, said in read.items()}
    for role, choice in choices.items():
        if choice is None:
            # The caretaker's loops go on after this error.
            raise SuiteFailure(f"{file}: {role} is no number of processes of at least 1.")
    return {role: choice for role, choice in choices.items() if choice is not None}


def read_counts(file: Path) -> dict[str, int]:
    """Return the chosen counts; roles without one have as many processes as are drawn."""
    return {role: choice.count for role, choice in read_choices(file).items()}


def write_counts(file: Path, choices: Mapping[str, Choice]) -> None:
    """Keep the choices; a plain number is a person's."""
    said = {
        role: choice.count
        if choice.count == choice.by_person
        else {"count": choice.count, "by_person": choice.by_person}
        for role, choice in sorted(choices.items())
    }
    write_durably(file, json.dumps(said, indent=2) + "\n")


def _choice(said: Any) -> Choice | None:
    """Return what the file says of a role; None if it is not understood."""
    if _is_count(said):
        return Choice(said, said)
    if not isinstance(said, dict) or not _is_count(said.get("count")):
        return None
    by_person = said.get("by_person")
    return Choice(said["count"], by_person) if by_person is None or _is_count(by_person) else None


def _is_count(said: Any) -> bool:
    return type(said) is int and said >= 1


def scaled(topology: Topology, counts: Mapping[str, int]) -> Topology:
    """Return the topology with the chosen counts; a new process has the next free address.

    A role that is no longer drawn has no effect, because nothing says where it would be.
    """
    services, drawn_ones = dict(topology.services), set(addresses_of(topology))
    for role, count in counts.items():
        name = role.removesuffix(WORKER)
        if name not in services:
            continue
        drawn = services[name]
        if role == name:
            changed = replace(drawn, replicas=_addresses(role, drawn.replicas, count, drawn_ones))
        elif drawn.workers:
            changed = replace(drawn, workers=_addresses(role, drawn.workers, count, drawn_ones))
        else:
            continue
        services[name] = changed
    return replace(topology, services=services)


def _addresses(
    role: str, drawn: tuple[str, ...], count: int, drawn_ones: Collection[str]
) -> tuple[str, ...]:
    """Return the first `count` drawn addresses, and the free ones behind them if that is more."""
    if count <= len(drawn):
        return drawn[:count]
    free, more = free_behind(drawn, drawn_ones), count - len(drawn)
    if more > len(free):
        raise TopologyError(f"{role}: there are only {len(drawn) + len(free)} addresses for it.")
    return (*drawn, *free[:more])
