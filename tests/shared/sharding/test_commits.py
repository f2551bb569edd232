"""A commit whose end is not known is never reported as failed, nor a refused write as done."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator

import asyncpg
import pytest

from shared.errors import Unavailable
from shared.sharding.database_faults import CommitUnknown, is_unknown_commit
from shared.sharding.shard_group import ShardGroup
from shared.sql_files import parse_query
from tests.eventually import eventually
from tests.shared.postgres_nodes import Member, PostgresNodes
from tests.shared.shard_groups import ShardedDatabase

INSERT = parse_query("insert", "INSERT INTO :schema.note (owner, body) VALUES (:owner, '{}')")
COUNT = parse_query("count", "SELECT count(*) FROM :schema.note WHERE owner = :owner")
BACKEND = parse_query("backend", "SELECT pg_backend_pid()")
SHARD = 7  # on b

_WAITING = "FROM pg_stat_activity WHERE wait_event = 'SyncRep'"


@pytest.fixture
def waiting_for_nobody(postgres_nodes: PostgresNodes) -> Iterator[Member]:
    """The node `b`, whose commits wait for a standby that never comes."""
    yield from _with_setting(postgres_nodes.b, "synchronous_standby_names", "nobody")


@pytest.fixture
def refusing_writes(postgres_nodes: PostgresNodes) -> Iterator[Member]:
    """The node `b`, which refuses writes from now on."""
    yield from _with_setting(postgres_nodes.b, "default_transaction_read_only", "on")


def _with_setting(node: Member, name: str, value: str) -> Iterator[Member]:
    node.psql(f"ALTER SYSTEM SET {name} = '{value}'")
    node.psql("SELECT pg_reload_conf()")
    try:
        yield node
    finally:
        node.start()
        node.psql(f"ALTER SYSTEM RESET {name}")
        node.psql("SELECT pg_reload_conf()")


@pytest.fixture
async def group(migrated: ShardedDatabase) -> AsyncIterator[ShardGroup]:
    async with migrated.open() as opened:
        yield opened


async def insert(group: ShardGroup, owner: int) -> None:
    async with group.writer(SHARD) as tx:
        await tx.execute(INSERT, owner=owner)


def _cancel(node: Member) -> None:
    node.psql(f"SELECT pg_cancel_backend(pid) {_WAITING}")


def _terminate(node: Member) -> None:
    node.psql(f"SELECT pg_terminate_backend(pid) {_WAITING}")


def _crash(node: Member) -> None:
    node.crash()
    node.start()


@pytest.mark.parametrize(("fault", "owner"), [(_cancel, 7001), (_terminate, 7002), (_crash, 7003)])
async def test_a_commit_that_waits_for_its_standby_and_is_cut_is_unknown(
    group: ShardGroup, waiting_for_nobody: Member, fault: Callable[[Member], None], owner: int
) -> None:
    writing = asyncio.create_task(insert(group, owner))

    def it_waits() -> None:
        assert waiting_for_nobody.psql(f"SELECT count(*) {_WAITING}") == "1"

    await eventually(it_waits)
    fault(waiting_for_nobody)
    with pytest.raises(CommitUnknown):
        await writing
    # Each of them is there all the same.
    assert await group.reader(SHARD).value(COUNT, owner=owner) == 1


def _said(severity: str, kind: type[asyncpg.PostgresError]) -> asyncpg.PostgresError:
    fields = {"S": severity, "V": severity, "C": kind.sqlstate, "M": "as the server said it"}
    error = asyncpg.PostgresError.new(fields)
    assert isinstance(error, kind)
    return error


@pytest.mark.parametrize(
    ("error", "closed", "unknown"),
    [
        (_said("ERROR", asyncpg.SerializationError), False, False),
        (_said("ERROR", asyncpg.UniqueViolationError), False, False),
        (_said("ERROR", asyncpg.QueryCanceledError), False, False),
        (_said("ERROR", asyncpg.ReadOnlySQLTransactionError), True, False),
        (_said("FATAL", asyncpg.AdminShutdownError), False, True),
        (_said("FATAL", asyncpg.AdminShutdownError), True, True),
        (_said("FATAL", asyncpg.CrashShutdownError), False, True),
        (_said("PANIC", asyncpg.PostgresSystemError), False, True),
        (asyncpg.ConnectionDoesNotExistError("closed in the middle"), True, True),
        (asyncpg.InternalClientError("lost track"), True, True),
        (asyncpg.InterfaceError("closed"), True, True),
        (ConnectionResetError(), True, True),
        (TimeoutError(), False, True),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_only_an_error_of_the_server_says_that_a_commit_did_not_happen(
    error: BaseException, closed: bool, unknown: bool
) -> None:
    assert is_unknown_commit(error, closed=closed) is unknown


async def test_a_session_that_turns_read_only_is_not_used_again(
    group: ShardGroup, postgres_nodes: PostgresNodes, request: pytest.FixtureRequest
) -> None:
    async def backend() -> int:
        return int(await group.reader(SHARD).value(BACKEND))

    async def refused() -> None:
        try:
            await insert(group, 7004)
        except Unavailable:
            return
        raise AssertionError("the server has not read its settings yet")

    opened_before = await backend()
    request.getfixturevalue("refusing_writes")
    await eventually(refused)
    opened_after = await backend()
    assert opened_after != opened_before
    # A session that began without writes is kept: nothing better can be found.
    with pytest.raises(Unavailable):
        await insert(group, 7004)
    assert await backend() == opened_after
