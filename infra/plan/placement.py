"""Chooses the host of each process: a pure function of processes, databases and hosts."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from infra.plan.machines import Machines
from infra.plan.parts import Member, PlannedProcess
from infra.topology_tables import TopologyError

_HOSTS_MIN = 2
# One of these runs on each host that has something to do for it, so nobody chooses.
_EVERYWHERE = "fence"


def placement_of(
    processes: Sequence[PlannedProcess], members: Iterable[Member], machines: Machines
) -> Mapping[str, str]:
    """Return the name of each process's host, by process.

    Processes that stand in for one another are on different hosts: members of a database, replicas
    of a role, balancers, name servers, etcd. Each goes to the host with the fewest of its class,
    then with the fewest processes. Raises TopologyError if that is impossible.
    """
    by_server = {member.name: member for member in members}
    known = {process.name for process in processes}
    _check(machines, known)
    placing = _Placing(machines, by_server)
    chosen = [process for process in processes if process.name in machines.placed]
    for process in chosen:
        placing.put(process, machines.placed[process.name])
    for process in sorted(processes, key=placing.turn):
        if process.name not in machines.placed:
            placing.put(process, placing.best(process))
    return placing.hosts


def stand_ins(process: PlannedProcess, by_server: Mapping[str, Member]) -> str:
    """Return the name of those that stand in for the process; "" if nobody does."""
    if process.kind == "postgres":
        return f"members of {by_server[process.server].database}"
    if process.kind in {"redis", "store"}:
        return ""
    return f"processes of {process.role}"


def _check(machines: Machines, known: set[str]) -> None:
    if len(machines.hosts) < _HOSTS_MIN:
        raise TopologyError(
            f"hosts.names has {len(machines.hosts)} names: a suite on several hosts has at least"
            f" {_HOSTS_MIN}"
        )
    for process, host in machines.placed.items():
        if process not in known:
            raise TopologyError(f"hosts.placed names {process!r}, which is no process of the suite")
        if process.startswith(_EVERYWHERE):
            raise TopologyError(f"hosts.placed names {process!r}: each host has one of its own")
        if host not in machines.names:
            raise TopologyError(
                f"hosts.placed puts {process} on {host!r}, which is none of:"
                f" {', '.join(machines.names)}"
            )


@dataclass(slots=True)
class _Placing:
    """The choices so far."""

    machines: Machines
    by_server: Mapping[str, Member]
    hosts: dict[str, str] = field(default_factory=dict)
    of_class: Counter[tuple[str, str]] = field(default_factory=Counter)
    on_host: Counter[str] = field(default_factory=Counter)
    groups: dict[tuple[str, str], str] = field(default_factory=dict)

    def turn(self, process: PlannedProcess) -> bool:
        """Servers that lead at first are spread before those that follow them."""
        return self._class(process) == "followers"

    def best(self, process: PlannedProcess) -> str:
        """Return the host for a process that has a choice; raises TopologyError without one."""
        group = stand_ins(process, self.by_server)
        free = [host for host in self.machines.names if (group, host) not in self.groups]
        if not free:
            raise TopologyError(
                f"{process.name} has no host of its own: the {group} are more than the"
                f" {len(self.machines.hosts)} hosts"
            )
        kind = self._class(process)
        return min(free, key=lambda host: (self.of_class[kind, host], self.on_host[host]))

    def put(self, process: PlannedProcess, host: str) -> None:
        """Put a process on a host; raises TopologyError beside one that it stands in for."""
        group = stand_ins(process, self.by_server)
        other = self.groups.get((group, host))
        if group and other:
            raise TopologyError(
                f"{other} and {process.name} are both placed on {host}: the loss of that host would"
                f" take both {group}"
            )
        if group:
            self.groups[group, host] = process.name
        self.hosts[process.name] = host
        self.of_class[self._class(process), host] += 1
        self.on_host[host] += 1

    def _class(self, process: PlannedProcess) -> str:
        if process.kind != "postgres":
            return process.kind
        return "leaders" if self.by_server[process.server].index == 1 else "followers"
