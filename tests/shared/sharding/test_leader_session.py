"""A session with a primary begins on the member that leads, whatever the other members do."""

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager

import asyncpg
import pytest

from shared.network.network import Network
from shared.sharding.connections import CONNECT_SECONDS
from shared.sharding.database_faults import DRIVER_ERRORS
from shared.sharding.leader_session import connect_to_leader
from shared.sharding.leadership import Leadership
from shared.sharding.shard_map import NodeAddress, Primary
from tests.eventually import eventually
from tests.shared.postgres_nodes import PORT, PostgresNodes
from tests.shared.shard_groups import ShardedDatabase, StaticResolver

# What a member can be: a leader, a follower, a leader of other data, one that refuses connections,
# and one that accepts them and never answers.
A, FOLLOWER, B, CLOSED, SILENT = "a", "a-replica", "b", "closed", "silent"


def address_of(kind: str) -> NodeAddress:
    return NodeAddress(f"{kind}.postgres.test", PORT)


@pytest.fixture
async def database(migrated: ShardedDatabase) -> AsyncIterator[ShardedDatabase]:
    """The group's database, with a network that also knows the two that do not answer."""
    host = migrated.nodes.a.address.rpartition(".")[0]
    addresses = migrated.nodes.addresses()
    addresses |= {address_of(CLOSED).host: f"{host}.21", address_of(SILENT).host: f"{host}.22"}
    known = migrated.network
    migrated.network = Network(StaticResolver(addresses), migrated.nodes.ca_file)

    async def never_answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()  # until the client gives up
        writer.close()

    async with await asyncio.start_server(never_answer, f"{host}.22", PORT):
        yield migrated
    migrated.network = known


async def place_of(connection: asyncpg.Connection) -> str:
    return str(await connection.fetchval("SELECT host(inet_server_addr())"))


def leadership_of(*members: str) -> Leadership:
    return Leadership("group", Primary("p", tuple(map(address_of, members)), None))


@asynccontextmanager
async def session(
    database: ShardedDatabase, leadership: Leadership
) -> AsyncIterator[asyncpg.Connection]:
    connection = await connect_to_leader(leadership, database.login, database.network)
    try:
        yield connection
    finally:
        connection.terminate()


@contextmanager
def refusing_writes(nodes: PostgresNodes) -> Iterator[None]:
    """Let `a` refuse writes, as it does when its disk is short of space."""
    nodes.a.psql("ALTER SYSTEM SET default_transaction_read_only = on")
    nodes.a.psql("SELECT pg_reload_conf()")
    try:
        yield
    finally:
        nodes.a.psql("ALTER SYSTEM RESET default_transaction_read_only")
        nodes.a.psql("SELECT pg_reload_conf()")


@pytest.mark.parametrize(
    "members",
    [
        (A, FOLLOWER),
        (FOLLOWER, A),
        (CLOSED, A),
        (SILENT, A),
        (A, SILENT),
        (SILENT, FOLLOWER, A),
        (CLOSED, FOLLOWER, A),
        (A, B),  # both lead: nothing tells yet which one is the older, so the first is believed
    ],
)
async def test_the_leader_is_found(database: ShardedDatabase, members: tuple[str, ...]) -> None:
    leadership = leadership_of(*members)
    async with session(database, leadership) as connection:
        assert await place_of(connection) == database.nodes.a.address
    assert leadership.leader == address_of(A)
    assert leadership.timeline == 1


@pytest.mark.parametrize(
    "members", [(FOLLOWER, CLOSED), (CLOSED, FOLLOWER), (FOLLOWER, SILENT), (SILENT, CLOSED)]
)
async def test_without_a_leader_there_is_no_session(
    database: ShardedDatabase, members: tuple[str, ...]
) -> None:
    async with asyncio.timeout(2 * CONNECT_SECONDS):
        with pytest.raises(DRIVER_ERRORS):
            await connect_to_leader(leadership_of(*members), database.login, database.network)


async def test_a_leader_that_refuses_writes_serves_reads_if_no_other_leads(
    database: ShardedDatabase,
) -> None:
    with refusing_writes(database.nodes):
        for others in ((), (FOLLOWER,), (SILENT,), (CLOSED,)):
            async with session(database, leadership_of(A, *others)) as connection:
                assert await place_of(connection) == database.nodes.a.address
        async with session(database, leadership_of(A, B)) as connection:
            assert await place_of(connection) == database.nodes.b.address


async def test_a_replaced_leader_is_refused_though_it_takes_writes(
    database: ShardedDatabase,
) -> None:
    leadership = leadership_of(A, FOLLOWER)
    leadership.learn(address_of(FOLLOWER), 2)
    with pytest.raises(ConnectionRefusedError, match="replaced"):
        async with session(database, leadership):
            pass


async def test_a_new_leader_ends_the_sessions_on_the_old_one(database: ShardedDatabase) -> None:
    leadership = leadership_of(A, B)

    def it_asks() -> None:
        asking = "SELECT count(*) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(60)'"
        assert database.nodes.a.psql(asking) == "1"

    async with session(database, leadership) as connection, AsyncExitStack() as stack:
        asking = asyncio.create_task(connection.fetchval("SELECT pg_sleep(60)"))
        stack.callback(asking.cancel)
        await eventually(it_asks)
        leadership.learn(address_of(B), 2)
        with pytest.raises(asyncpg.PostgresConnectionError):
            await asking
        assert connection.is_closed()


async def test_a_follower_in_the_place_of_a_named_leader_is_refused(
    database: ShardedDatabase,
) -> None:
    place = address_of(FOLLOWER)
    leadership = Leadership("group", Primary("p", (place,), place))
    with pytest.raises(DRIVER_ERRORS):
        async with session(database, leadership):
            pass


async def test_the_certificate_of_the_member_that_answers_is_verified(
    database: ShardedDatabase,
) -> None:
    # The name of `closed` leads to a server with another name in its certificate.
    addresses = {address_of(CLOSED).host: database.nodes.a.address}
    network = Network(StaticResolver(addresses), database.nodes.ca_file)
    with pytest.raises(OSError, match=r"[Hh]ostname mismatch"):
        await connect_to_leader(leadership_of(CLOSED), database.login, network)


async def test_a_frozen_leader_costs_others_only_the_race(database: ShardedDatabase) -> None:
    leadership = leadership_of(A, B)
    database.nodes.a.send(signal.SIGSTOP)
    try:
        async with asyncio.timeout(CONNECT_SECONDS), session(database, leadership) as connection:
            assert await place_of(connection) == database.nodes.b.address
    finally:
        database.nodes.a.send(signal.SIGCONT)
