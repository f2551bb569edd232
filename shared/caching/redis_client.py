"""Opens a Redis by host name: our resolver finds it, and TLS verifies that name."""

import ssl
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from redis import asyncio as aioredis
from redis.asyncio.client import Pipeline
from redis.asyncio.connection import BlockingConnectionPool, Connection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import NoScriptError

from shared.errors import Unavailable
from shared.network.network import Network
from shared.network.tls import client_context
from shared.tracing.frames import noted_command

# Redis answers in well under a millisecond. A Redis that is silent for half a second counts as
# down, and its users degrade instead of waiting longer.
SOCKET_TIMEOUT_S = 0.5
CONNECTIONS_MAX = 32
POOL_WAIT_S = 0.5
HEALTH_CHECK_INTERVAL_S = 15


class _NamedConnection(Connection):
    """Resolves its host at every connect, so that it finds a Redis that has moved."""

    def __init__(self, *, network: Network, tls: ssl.SSLContext | None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._network = network
        self._tls = tls
        self._address = self.host

    async def _connect(self) -> None:
        try:
            addresses = await self._network.resolver.addresses(self.host)
        except Unavailable as error:
            raise RedisConnectionError(error.detail) from error
        self._address = addresses[0]
        await super()._connect()  # type: ignore[no-untyped-call]

    def _connection_arguments(self) -> Mapping[str, Any]:
        arguments = {"host": self._address, "port": self.port}
        if self._tls is None:
            return arguments
        return {**arguments, "ssl": self._tls, "server_hostname": self.host}


class _NotedPipeline(Pipeline):
    """Notes its round trip in the trace of the request."""

    async def execute(self, raise_on_error: bool = True) -> list[Any]:
        """Send all commands; raises what the library raises."""
        with noted_command("pipeline"):
            return await super().execute(raise_on_error)


class _NotedRedis(aioredis.Redis):
    """Notes each command in the trace of the request."""

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        """Send a command; raises what the library raises."""
        # A server that lacks a script says so, and the library then sends the script.
        with noted_command(args[0], usual=NoScriptError):
            return await super().execute_command(*args, **options)  # type: ignore[no-untyped-call]

    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> Pipeline:
        """Return a pipeline whose round trip is noted."""
        return _NotedPipeline(
            self.connection_pool, self.response_callbacks, transaction, shard_hint
        )


async def open_redis(url: str, network: Network) -> aioredis.Redis:
    """Return a client with a bounded pool. It connects at first use: opening never fails.

    Replies are bytes. Every failed command raises a `redis.RedisError`; the store that owns the
    keys catches it and degrades. The caller closes the client with `await redis.aclose()`.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    tls = client_context(network.ca_file) if parts.scheme == "rediss" else None
    pool = BlockingConnectionPool(
        max_connections=CONNECTIONS_MAX,
        timeout=POOL_WAIT_S,
        connection_class=_NamedConnection,
        network=network,
        tls=tls,
        host=host,
        port=parts.port or 6379,
        db=int(parts.path.strip("/") or 0),
        username=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        socket_timeout=SOCKET_TIMEOUT_S,
        socket_connect_timeout=SOCKET_TIMEOUT_S,
        health_check_interval=HEALTH_CHECK_INTERVAL_S,
        # One immediate retry: a pooled connection may have died when the server restarted.
        retry=Retry(NoBackoff(), 1, supported_errors=(RedisConnectionError,)),
    )
    return _NotedRedis.from_pool(pool)
