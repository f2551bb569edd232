"""Plans databases and Redises, and the processes of those that this suite runs itself."""

from collections.abc import Iterator, Mapping

from infra.plan.parts import (
    Database,
    Member,
    PlannedProcess,
    PlannedRedis,
    ShardGroup,
    Volume,
)
from infra.plan.secret_names import secrets_of_member
from infra.topology import Topology
from infra.topology_data import Primary


def groups_of(topology: Topology) -> dict[str, ShardGroup]:
    """Return the shard groups by the service's name."""
    return {
        name: ShardGroup(
            name,
            drawn.shard_count,
            tuple(_database(topology, name, primary) for primary in drawn.primaries),
            drawn.external,
        )
        for name, drawn in topology.groups.items()
    }


def planned_redises(topology: Topology) -> dict[str, PlannedRedis]:
    """Return the Redises by the service's name."""
    return {name: _redis(topology, name) for name in topology.redises}


def data_processes(
    topology: Topology, groups: Mapping[str, ShardGroup], redises: Mapping[str, PlannedRedis]
) -> Iterator[PlannedProcess]:
    """Yield the processes of Postgres and Redis, none for servers of somebody else."""
    for group in groups.values():
        if group.is_ours:
            yield from _members(topology, group)
    for redis in redises.values():
        if redis.is_ours:
            yield _redis_process(topology, redis)


def data_volumes(
    groups: Mapping[str, ShardGroup], redises: Mapping[str, PlannedRedis]
) -> Iterator[Volume]:
    """Yield the volumes of Postgres and Redis, and one for each group's shard map."""
    for group in groups.values():
        if group.is_ours:
            for member in group.members:
                yield Volume(f"postgres-{member.name}", irreplaceable=True)
    yield from (Volume(f"shard-map-{group}", irreplaceable=False) for group in groups)
    for redis in redises.values():
        if redis.is_ours:
            yield Volume(f"redis-{redis.name}", irreplaceable=False)


def _database(topology: Topology, service: str, primary: Primary) -> Database:
    """Make a database; the topology names it after one of its servers, which comes first."""
    return Database(
        name=primary.server.name,
        service=service,
        first_shard=primary.first_shard,
        last_shard=primary.last_shard,
        members=tuple(
            Member(
                index=index,
                name=server.name,
                database=primary.server.name,
                service=service,
                host=server.host or f"{server.name}.postgres.{topology.dns.zone}",
                address=server.address,
                port=server.port or topology.ports.postgres,
                rest_port=topology.failover.rest_port if topology.failover else 0,
            )
            for index, server in enumerate((primary.server, *primary.replicas), 1)
        ),
    )


def _redis(topology: Topology, name: str) -> PlannedRedis:
    drawn = topology.redises[name]
    external = drawn.external
    return PlannedRedis(
        name=name,
        host=external.host if external else f"{name}.redis.{topology.dns.zone}",
        address=drawn.address,
        port=external.port if external else topology.ports.redis,
        keeps_log=drawn.keeps_log,
        external=external,
    )


def _redis_process(topology: Topology, redis: PlannedRedis) -> PlannedProcess:
    return PlannedProcess(
        name=f"redis-{redis.name}",
        kind="redis",
        service="redis",
        host=topology.hosts[0],
        address=redis.address,
        port=redis.port,
        server=redis.name,
        volumes=(f"redis-{redis.name}",),
        secrets=(f"redis_{redis.name}", "redis_operator"),
    )


def _members(topology: Topology, group: ShardGroup) -> Iterator[PlannedProcess]:
    """Yield the members' processes; all have the same secrets, because each may have to lead."""
    for database in group.databases:
        for member in database.members:
            yield PlannedProcess(
                name=f"postgres-{member.name}",
                kind="postgres",
                service="postgres",
                host=topology.hosts[0],
                address=member.address,
                port=member.port,
                server=member.name,
                volumes=(f"postgres-{member.name}",),
                secrets=secrets_of_member(topology),
                more_endpoints=_rest_endpoints(topology, member.address),
            )


def _rest_endpoints(topology: Topology, address: str) -> tuple[tuple[str, int], ...]:
    return ((address, topology.failover.rest_port),) if topology.failover else ()
