"""Opens connections to a Postgres node by name, and verifies its certificate for that name."""

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

# Statements are prepared per shard: a connection may have (shards of its primary) × (hot queries).
STATEMENTS_MAX = 512

# The binary format of jsonb begins with one byte, its version.
_JSONB_VERSION = b"\x01"

SESSION_SETTINGS = {
    "application_name": "retrato",
    # Our statements are small and known. Planning each execution would cost more than it gains,
    # above all for statements over all shards of a primary.
    "plan_cache_mode": "force_generic_plan",
    "jit": "off",
    "statement_timeout": "20s",
    "lock_timeout": "5s",
    "idle_in_transaction_session_timeout": "60s",
}


# Lower object ids mean the same in every database of one Postgres version.
_FIRST_OID_OF_ITS_OWN = 16_384


class Connection(asyncpg.Connection):
    """Looks up types such as bigint[] once per process instead of once per connection.

    The driver's lookup costs the server as much as many of our statements, and a new process opens
    many connections at once. This overrides a private method of the driver: see
    docs/private-apis.md.
    """

    # Set on a session with a leader that took writes when it began.
    opened_to_write = False

    _types_known: dict[tuple[str, frozenset[int]], Sequence[asyncpg.Record]] = {}  # noqa: RUF012

    async def _introspect_types(
        self, typeoids: Sequence[int], timeout: float
    ) -> tuple[Sequence[asyncpg.Record], object]:
        wanted = frozenset(typeoids)
        key = (str(self.get_server_version()), wanted)
        if known := self._types_known.get(key):
            # The driver takes a named statement as a sign that its unnamed one is unchanged.
            return known, SimpleNamespace(name="known")
        types, statement = await super()._introspect_types(typeoids, timeout)  # type: ignore[misc]
        if max(wanted) < _FIRST_OID_OF_ITS_OWN:
            self._types_known[key] = types
        return types, statement


def command_seconds() -> float:
    """Return the seconds that a statement may take; raises DeadlineExceeded if none are left."""
    return budget_ms(COMMAND_SECONDS * 1000) / 1000


@dataclass(frozen=True)
class PostgresLogin:
    """The login for the nodes of a group; only tests with their own server set `use_tls` False."""

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
    """Open a connection; `options` go to the driver. Raises one of DRIVER_ERRORS or Unavailable."""
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
    """Convert jsonb columns to and from Python values on this connection."""
    await connection.set_type_codec(
        "jsonb", schema="pg_catalog", encoder=_encode, decoder=_decode, format="binary"
    )


def _encode(value: object) -> bytes:
    return _JSONB_VERSION + orjson.dumps(value)


def _decode(data: bytes) -> object:
    return orjson.loads(data[1:])
