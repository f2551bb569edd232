"""Connects to databases and Redises of somebody else, with their names and certificates verified.

One place decides who an operator is at a database: the superuser of ours, the owner elsewhere.
"""

import ssl
from collections.abc import Sequence
from pathlib import Path

import asyncpg
import redis.asyncio

from infra.control.health import connect_superuser
from infra.elsewhere.authorities import authority_file
from infra.leaders import leader
from infra.plan.parts import Database, Member, PlannedRedis, ShardGroup
from infra.plan.secret_names import owner_password, process_password, redis_password
from infra.suite import Suite

# A server at the other end of a network, behind a firewall that drops silently.
CONNECT_TIMEOUT_S = 5.0
_COMMAND_TIMEOUT_S = 30.0

Connection = asyncpg.Connection


async def connect_operator(
    suite: Suite, member: Member, *, writes: bool = False
) -> "asyncpg.Connection[asyncpg.Record]":
    """Connect to the database of a member's group as whoever may change everything in it."""
    group = suite.plan.groups[member.service]
    if group.is_ours:
        return await connect_superuser(suite, member, database=group.name, writes=writes)
    return await connect_owner(suite, group, member)


async def connect_owner(
    suite: Suite, group: ShardGroup, member: Member
) -> "asyncpg.Connection[asyncpg.Record]":
    """Connect to a server of somebody else as the owner of its tables."""
    return await _connect(suite, group, member, group.owner, owner_password(group.name))


async def connect_login(
    suite: Suite, group: ShardGroup, member: Member
) -> "asyncpg.Connection[asyncpg.Record]":
    """Connect to a server of somebody else as the service's processes do."""
    external = group.external
    user = external.login if external else suite.secrets.login_of(group.name)
    return await _connect(suite, group, member, user, process_password(group.name, external))


async def _connect(
    suite: Suite, group: ShardGroup, member: Member, user: str, secret: str
) -> "asyncpg.Connection[asyncpg.Record]":
    return await asyncpg.connect(
        host=member.host,
        port=member.port,
        user=user,
        password=suite.secrets[secret],
        database=group.database_name,
        ssl=ssl.create_default_context(cafile=str(authority_file(suite, f"postgres-{group.name}"))),
        timeout=CONNECT_TIMEOUT_S,
        command_timeout=_COMMAND_TIMEOUT_S,
    )


def authority_of(suite: Suite, group: ShardGroup) -> Path:
    """Return the file of the authority that a group's clients trust."""
    return suite.ca_file if group.is_ours else authority_file(suite, f"postgres-{group.name}")


def redis_of_service(suite: Suite, server: PlannedRedis) -> redis.asyncio.Redis:
    """Return a client of a Redis of somebody else, as the service's processes sign in."""
    external = server.external
    return redis.asyncio.Redis(
        host=server.host,
        port=server.port,
        db=external.database if external else 0,
        username=(external.user or None) if external else server.name,
        password=suite.secrets[redis_password(server.name)],
        ssl=True,
        ssl_ca_certs=str(authority_file(suite, f"redis-{server.name}")),
        socket_timeout=CONNECT_TIMEOUT_S,
        socket_connect_timeout=CONNECT_TIMEOUT_S,
    )


def external_primaries(suite: Suite) -> Sequence[tuple[ShardGroup, Database, Member]]:
    """Return group, database and primary of everything that somebody else runs."""
    return [
        (group, database, leader(database))
        for group in suite.plan.external_groups.values()
        for database in group.databases
    ]
