"""Opens connections to a Postgres node: found by name, its certificate checked for that name."""

from collections.abc import Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import asyncpg
import orjson

from shared.deadlines import budget_ms
from shared.network.network import Network
from shared.network.tls import named_context
from shared.sharding.shard_map import NodeAddress

CONNECT_SECONDS = 1.5
COMMAND_SECONDS = 10.0

# A statement is prepared per shard, so a connection sees (shards of its primary) × (hot queries).
STATEMENTS_MAX = 512

# jsonb travels in binary with one leading byte, its version.
_JSONB_VERSION = b"\x01"

SESSION_SETTINGS = {
    "application_name": "retrato",
    # The statements are small and known: planning each time would cost more than it finds, above
    # all for those that span the shards of a primary.
    "plan_cache_mode": "force_generic_plan",
    "jit": "off",
    "statement_timeout": "20s",
    "lock_timeout": "5s",
    "idle_in_transaction_session_timeout": "60s",
}


# Below this, what a number of the catalogue means is the same in every database of a version.
_FIRST_OID_OF_ITS_OWN = 16_384


class Connection(asyncpg.Connection):
    """Looks up what a type such as bigint[] is once for each process.

    The driver's question costs the server as much as a hundred of ours (14 ms), where a new process
    opens many connections at once. A private method of the driver is overridden: see
    docs/private-apis.md.
    """

    _types_known: dict[tuple[str, frozenset[int]], Sequence[asyncpg.Record]] = {}  # noqa: RUF012

    async def _introspect_types(
        self, typeoids: Sequence[int], timeout: float
    ) -> tuple[Sequence[asyncpg.Record], object]:
        wanted = frozenset(typeoids)
        key = (str(self.get_server_version()), wanted)
        if known := self._types_known.get(key):
            # A name says that the driver's anonymous statement is still what it was.
            return known, SimpleNamespace(name="known")
        types, statement = await super()._introspect_types(typeoids, timeout)  # type: ignore[misc]
        if max(wanted) < _FIRST_OID_OF_ITS_OWN:
            self._types_known[key] = types
        return types, statement


def command_seconds() -> float:
    """How long a statement may take, by its caller's deadline; raises DeadlineExceeded."""
    return budget_ms(COMMAND_SECONDS * 1000) / 1000


@dataclass(frozen=True)
class PostgresLogin:
    """As whom the nodes of a group are reached; `use_tls` False is for a test's own server."""

    user: str
    password: str
    database: str
    use_tls: bool = True


async def connect(
    address: NodeAddress,
    login: PostgresLogin,
    network: Network,
    *,
    session_settings: dict[str, str] | None = None,
    **options: Any,
) -> asyncpg.Connection:
    """A plain connection; `options` go to the driver (the pool adds some of its own)."""
    return await asyncpg.connect(
        host=await network.resolver.addresses(address.host),
        port=address.port,
        user=login.user,
        password=login.password,
        database=login.database,
        ssl=named_context(network.ca_file, address.host) if login.use_tls else False,
        timeout=CONNECT_SECONDS,
        command_timeout=COMMAND_SECONDS,
        server_settings=session_settings if session_settings is not None else SESSION_SETTINGS,
        **{"connection_class": Connection, **options},
    )


async def speak_json(connection: asyncpg.Connection) -> None:
    """Let jsonb columns be Python values."""
    await connection.set_type_codec(
        "jsonb", schema="pg_catalog", encoder=_encode, decoder=_decode, format="binary"
    )


def _encode(value: object) -> bytes:
    return _JSONB_VERSION + orjson.dumps(value)


def _decode(data: bytes) -> object:
    return orjson.loads(data[1:])
