"""Spreads a plan over several hosts: addresses of hosts, and a port for each part that shares one.

A port belongs to a part and not to a host, so that a process keeps its port wherever it is placed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from infra.plan.figures import Store
from infra.plan.machines import Machines
from infra.plan.parts import (
    Check,
    InternalName,
    Member,
    Plan,
    PlannedProcess,
    PlannedRedis,
    PlannedService,
    ShardGroup,
)
from infra.plan.placement import placement_of
from infra.topology_tables import TopologyError

# One name server may die with its host.
_NAME_SERVERS = 2
_ETCD, _CARETAKER = "etcd", "caretaker"
_PORT_MAX = 65_535


def on_hosts(plan: Plan, machines: Machines) -> Plan:
    """Return the plan with every process on one of the hosts; raises TopologyError if impossible.

    Name servers are doubled, and each host has a fence. There is no caretaker: the machine that
    renders the files renews certificates, and hosts never have the authority's key.
    """
    if plan.public is not None and plan.public.certificate == "acme":
        raise TopologyError(
            "public.certificate is acme, for which a caretaker of one machine asks: with several"
            " hosts use files, and renew them there"
        )
    processes = [one for process in plan.processes for one in _multiplied(process, machines)]
    placed = placement_of(processes, plan.members, machines)
    spread = _Spread(plan, machines, placed, _Ports(plan))
    return spread.plan([_on(process, spread) for process in processes])


def _multiplied(process: PlannedProcess, machines: Machines) -> list[PlannedProcess]:
    if process.name == _CARETAKER:
        return []
    if process.kind == "dns":
        count = min(_NAME_SERVERS, len(machines.hosts))
    elif process.kind == "fence":
        count = len(machines.hosts)
    else:
        return [process]
    return [replace(process, name=f"{process.name}-{n}") for n in range(1, count + 1)]


class _Ports:
    """Gives every part a port that no other part has."""

    def __init__(self, plan: Plan) -> None:
        fixed = [p for p in plan.processes if p.kind in {"dns", "etcd", "nginx"}]
        self._taken = {port for process in fixed for _at, port in process.endpoints}
        self._by_part: dict[str, int] = {}
        for name, service in plan.services.items():
            self._give(name, service.port)
            self._give(f"{name}-worker", service.port)
        for store in (p for p in plan.processes if p.kind == "store"):
            self._give(store.name, store.port)
        for redis in plan.own_redises.values():
            self._give(f"redis-{redis.name}", redis.port)
        for member in plan.members:
            self._give(member.name, member.port)
            self._give(f"{member.name} rest", member.rest_port)

    def __getitem__(self, part: str) -> int:
        return self._by_part[part]

    def _give(self, part: str, first: int) -> None:
        if not first:
            self._by_part[part] = 0
            return
        port = first
        while port in self._taken:
            port += 1
        if port > _PORT_MAX:
            raise TopologyError(f"there is no free port from {first} for {part}")
        self._taken.add(port)
        self._by_part[part] = port


@dataclass(frozen=True, slots=True)
class _Spread:
    drawn: Plan
    machines: Machines
    placed: Mapping[str, str]
    ports: _Ports

    def address(self, process: str) -> str:
        return self.machines.host(self.placed[process]).address

    def plan(self, processes: list[PlannedProcess]) -> Plan:
        drawn = self.drawn
        servers = self._addresses(processes, "dns")
        balancers = self._addresses(processes, "nginx")
        spread = replace(
            drawn,
            hosts=self.machines.names,
            machines=self.machines,
            processes=tuple(processes),
            checks={p.name: self._check(p) for p in processes},
            services={name: self._service(one, processes) for name, one in drawn.services.items()},
            groups={name: self._group(group) for name, group in drawn.groups.items()},
            redises={name: self._redis(redis) for name, redis in drawn.redises.items()},
            dns=replace(drawn.dns, address=servers[0], others=servers[1:])
            if servers
            else drawn.dns,
            nginx=replace(drawn.nginx, replicas=balancers, public_host=None),
            failover=drawn.failover
            and replace(drawn.failover, etcd=self._addresses(processes, _ETCD)),
            store=self._store(),
        )
        return replace(spread, names=tuple(_named(name, spread) for name in drawn.names))

    def _service(self, service: PlannedService, processes: list[PlannedProcess]) -> PlannedService:
        worker = f"{service.name}-worker"
        return replace(
            service,
            port=self.ports[service.name],
            worker_port=self.ports[worker],
            replicas=self._addresses(processes, service.name),
            workers=self._addresses(processes, worker),
        )

    def _redis(self, redis: PlannedRedis) -> PlannedRedis:
        if not redis.is_ours:
            return redis
        process = f"redis-{redis.name}"
        return replace(redis, address=self.address(process), port=self.ports[process])

    def _store(self) -> Store:
        store = self.drawn.store
        if not store.embedded:
            return store
        return replace(store, address=self.address("store"), port=self.ports["store"])

    def _addresses(self, processes: list[PlannedProcess], role: str) -> tuple[str, ...]:
        return tuple(self.address(p.name) for p in processes if p.role == role)

    def _group(self, group: ShardGroup) -> ShardGroup:
        if not group.is_ours:
            return group
        databases = tuple(
            replace(one, members=tuple(self._member(member) for member in one.members))
            for one in group.databases
        )
        return replace(group, databases=databases)

    def _member(self, member: Member) -> Member:
        return replace(
            member,
            address=self.address(f"postgres-{member.name}"),
            port=self.ports[member.name],
            rest_port=self.ports[f"{member.name} rest"],
        )

    def _check(self, process: PlannedProcess) -> Check:
        of_kind = self.drawn.checks
        name = process.name if process.name in of_kind else process.service
        return replace(of_kind[name], process=process.name)


def _on(process: PlannedProcess, spread: _Spread) -> PlannedProcess:
    """Return the process at its host's address, with the ports of its part."""
    host, address = spread.placed[process.name], spread.address(process.name)
    if not process.endpoints:
        return replace(process, host=host)
    # A second address of the same host is the same endpoint here.
    first, *others = dict.fromkeys(_moved(process, one, spread) for one in process.endpoints)
    return replace(process, host=host, address=address, port=first[1], more_endpoints=tuple(others))


def _moved(process: PlannedProcess, endpoint: tuple[str, int], spread: _Spread) -> tuple[str, int]:
    at, port = endpoint
    public = spread.drawn.public
    if public is not None and endpoint in public.endpoints:
        return at, port
    address = spread.address(process.name)
    if process.kind == "postgres":
        is_rest = port != process.port
        return address, spread.ports[f"{process.server} rest" if is_rest else process.server]
    if process.kind in {"service", "store"}:
        return address, spread.ports[process.role]
    if process.kind == "redis":
        return address, spread.ports[process.name]
    return address, port


def _named(name: InternalName, spread: Plan) -> InternalName:
    """Return an internal name with the addresses and the port of those that it stands for."""
    if name.label in spread.services:
        service = spread.services[name.label]
        return replace(name, addresses=service.replicas, port=service.port)
    if name.label == "nginx":
        return replace(name, addresses=spread.nginx.replicas)
    if name.label == "store":
        return replace(name, addresses=(spread.store.address,), port=spread.store.port)
    label, _, kind = name.label.rpartition(".")
    one = spread.member(label) if kind == "postgres" else spread.redises[label]
    return replace(name, addresses=(one.address,), port=one.port)
