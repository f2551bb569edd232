"""Asks each Postgres server itself: whether it leads, and what it holds."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import TypeAlias

import asyncpg

from infra.plan.parts import Database, Member
from infra.secret_values import SUPERUSER, open_secrets
from prove.history import Recorder
from tests.eventually import eventually
from tests.suite import Suite

SAMPLE_EVERY_S = 1.0
OUTBOX_EVERY_S = 2.0
# The oldest events of a shard and topic that a sample holds.
_WAITING_MAX = 200
_ANSWER_S = 1.0
_LED_WITHIN_S = 60.0
REFUSALS = (
    OSError,
    TimeoutError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)

# The timeline is the beginning of the name of the present WAL file, which only a primary has.
_ROLE = """
SELECT NOT pg_is_in_recovery() AS is_primary,
       CASE WHEN pg_is_in_recovery() THEN 0
            ELSE ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int
       END AS timeline
"""
_SCHEMAS = "SELECT nspname FROM pg_namespace WHERE nspname ~ '^shard_[0-9]{4}$' ORDER BY nspname"

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
Look: TypeAlias = Callable[[Connection, Member, Database], Awaitable[None]]


async def connect(suite: Suite, member: Member, seconds: float = 30.0) -> Connection:
    """Connect to exactly this server, whatever its role, to its service's database."""
    context = ssl.create_default_context(cafile=str(suite.ca_file))
    # Read anew, because it may be rotated while a run goes on.
    secrets = open_secrets(suite.on_disk.folder.secrets_file, suite.plan, may_make=False)
    return await asyncpg.connect(
        host=member.address,
        port=member.port,
        user="postgres",
        password=secrets[SUPERUSER],
        database=member.service,
        ssl=context,
        timeout=_ANSWER_S * 2,
        command_timeout=seconds,
    )


async def _role_of(connection: Connection) -> asyncpg.Record:
    (row,) = await connection.fetch(_ROLE)
    return row


async def roles_of_members(suite: Suite, names: Sequence[str], *, is_primary: bool) -> list[str]:
    """Return the processes, of those named, whose server is a primary, or else a replica."""
    wanted = []
    for name in names:
        member = suite.plan.member(suite.process(name).server)
        with suppress(*REFUSALS):
            connection = await connect(suite, member)
            try:
                if (await _role_of(connection))["is_primary"] == is_primary:
                    wanted.append(name)
            finally:
                await connection.close(timeout=1)
    return wanted


@asynccontextmanager
async def leader_of(suite: Suite, database: Database) -> AsyncIterator[Connection]:
    """Yield a connection to the member that takes writes now, waiting for one if need be."""

    async def find() -> Connection:
        for member in database.members:
            with suppress(*REFUSALS):
                connection = await connect(suite, member)
                if (await _role_of(connection))["is_primary"]:
                    return connection
                await connection.close(timeout=1)
        raise AssertionError(f"no member of {database.name} takes writes")

    connection = await eventually(find, within_s=_LED_WITHIN_S, every_s=0.5)
    try:
        yield connection
    finally:
        await connection.close(timeout=1)


async def schemas_on(connection: Connection) -> list[str]:
    """Return the schemas of the shards that live in this database."""
    return [row["nspname"] for row in await connection.fetch(_SCHEMAS)]


def over_shards(schemas: Sequence[str], select: str) -> str:
    """Repeat a SELECT for every shard; `{schema}` and `{shard}` stand for its schema and number."""
    return " UNION ALL ".join(
        f"({select.format(schema=schema, shard=int(schema.removeprefix('shard_')))})"
        for schema in schemas
    )


class Sampler:
    """Records during a run what servers say of themselves, and what waits in the outboxes."""

    def __init__(self, suite: Suite, recorder: Recorder) -> None:
        self._suite = suite
        self._recorder = recorder

    async def run(self) -> None:
        """Sample until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for database in self._suite.plan.databases:
                for member in database.members:
                    tasks.create_task(self._for_ever(member, database, self._roles, SAMPLE_EVERY_S))
                # Whoever leads knows; asking the others costs nothing and finds nothing.
                for member in database.members:
                    tasks.create_task(
                        self._for_ever(member, database, self._outboxes, OUTBOX_EVERY_S)
                    )

    async def _for_ever(
        self,
        member: Member,
        database: Database,
        look: Look,
        every_s: float,
    ) -> None:
        connection: Connection | None = None
        try:
            while True:
                try:
                    connection = connection or await connect(self._suite, member, _ANSWER_S)
                    await look(connection, member, database)
                except REFUSALS:
                    if connection is not None:
                        connection.terminate()
                    connection = None
                await asyncio.sleep(every_s)
        finally:
            if connection is not None:
                connection.terminate()

    async def _roles(self, connection: Connection, member: Member, database: Database) -> None:
        asked_s = self._recorder.now_s()
        row = await _role_of(connection)
        self._recorder.write(
            **{"is": "node"},
            database=database.name,
            node=member.name,
            primary=row["is_primary"],
            timeline=row["timeline"],
            asked=round(asked_s, 4),
            at=round(self._recorder.now_s(), 4),
        )

    async def _outboxes(self, connection: Connection, _member: Member, database: Database) -> None:
        role = await _role_of(connection)
        if not role["is_primary"]:
            return
        select = (
            "SELECT '{shard}/' || topic AS place, position FROM {schema}.outbox"
            f" WHERE parked_because IS NULL ORDER BY position LIMIT {_WAITING_MAX}"
        )
        rows = await connection.fetch(over_shards(await schemas_on(connection), select))
        positions: dict[str, list[int]] = {}
        for row in sorted(rows, key=lambda row: row["position"]):
            positions.setdefault(row["place"], []).append(row["position"])
        self._recorder.write(
            **{"is": "waiting"},
            group=database.name,
            timeline=role["timeline"],
            positions=positions,
            at=round(self._recorder.now_s(), 4),
        )


def by_service(suite: Suite) -> Mapping[str, Sequence[Database]]:
    """Return the databases of each service."""
    return {name: group.databases for name, group in suite.plan.groups.items()}
