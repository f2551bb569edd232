"""Asks a process in its own language whether it is well: the supervisor only sees that it runs."""

import asyncio
import http.client
import ssl
from collections.abc import Awaitable, Callable
from functools import cache
from pathlib import Path

import asyncpg
import dns.asyncquery
import dns.exception
import dns.message
import redis.asyncio
import redis.exceptions

from infra.processes import Process
from infra.rendering.dns import names_of
from infra.suite import Suite

_ASK_TIMEOUT_S = 2.0
# What a server that is starting, full or gone makes of a question.
_REFUSALS = (
    OSError,
    TimeoutError,
    ssl.SSLError,
    http.client.HTTPException,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    redis.exceptions.RedisError,
    dns.exception.DNSException,
)


async def is_healthy(suite: Suite, process: Process) -> bool:
    """Whether the process answers a real question now."""
    try:
        async with asyncio.timeout(_ASK_TIMEOUT_S):
            return await _QUESTIONS[process.kind](suite, process)
    except _REFUSALS:
        return False


async def connect_superuser(
    suite: Suite, address: str, *, database: str = "postgres"
) -> "asyncpg.Connection[asyncpg.Record]":
    """A connection to a Postgres server as its superuser, the certificate verified."""
    return await asyncpg.connect(
        host=address,
        port=suite.topology.limits.postgres_port,
        user="postgres",
        password=suite.secrets["postgres_superuser"],
        database=database,
        ssl=tls_context(suite),
        timeout=_ASK_TIMEOUT_S,
        command_timeout=30,
    )


def tls_context(suite: Suite) -> ssl.SSLContext:
    """Trusts the internal CA and nobody else."""
    return _trusting(suite.ca_file)


@cache
def _trusting(ca_file: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(ca_file))


async def dns_addresses(suite: Suite, host: str) -> set[str]:
    """What the suite's own name server answers for a name."""
    server = suite.topology.dns
    reply = await dns.asyncquery.udp(
        dns.message.make_query(host, "A"), server.address, port=server.port, timeout=_ASK_TIMEOUT_S
    )
    return {str(item) for answer in reply.answer for item in answer}


async def _ask_postgres(suite: Suite, process: Process) -> bool:
    connection = await connect_superuser(suite, process.address)
    try:
        # A replica is well when it follows, not when it merely answers from what it has.
        return bool(
            await connection.fetchval(
                "SELECT NOT pg_is_in_recovery()"
                " OR EXISTS (SELECT FROM pg_stat_wal_receiver WHERE status = 'streaming')"
            )
        )
    finally:
        await connection.close(timeout=1)


def redis_operator(suite: Suite, address: str) -> redis.asyncio.Redis:
    """A client as the operator, who may look at everything; to be closed by the caller."""
    return redis.asyncio.Redis(
        host=address,
        port=suite.topology.limits.redis_port,
        username="operator",
        password=suite.secrets["redis_operator"],
        ssl=True,
        ssl_ca_certs=str(suite.ca_file),
        socket_timeout=_ASK_TIMEOUT_S,
    )


async def _ask_redis(suite: Suite, process: Process) -> bool:
    async with redis_operator(suite, process.address) as client:
        return bool(await client.ping())


async def _ask_dns(suite: Suite, _process: Process) -> bool:
    # The first question for a name begins its health checks; until then all replicas are named.
    answers = [await dns_addresses(suite, name.host) for name in names_of(suite.topology)]
    return all(answers)


async def _ask_store(suite: Suite, process: Process) -> bool:
    # It refuses a question without a signature, in its own words: so it is there and guarded.
    status, _body = await asyncio.to_thread(_get, suite, process, "/", tls=True)
    return status in {400, 403}


async def _ask_service(suite: Suite, process: Process) -> bool:
    status, body = await asyncio.to_thread(_get, suite, process, "/ready", tls=True)
    return status == 200 and body == b"ok"


async def _ask_nginx(suite: Suite, process: Process) -> bool:
    status, _body = await asyncio.to_thread(_get, suite, process, "/favicon.ico", tls=False)
    return status == 200


def _get(suite: Suite, process: Process, path: str, *, tls: bool) -> tuple[int, bytes]:
    where = (process.address, process.port)
    connection = (
        http.client.HTTPSConnection(*where, timeout=_ASK_TIMEOUT_S, context=tls_context(suite))
        if tls
        else http.client.HTTPConnection(*where, timeout=_ASK_TIMEOUT_S)
    )
    try:
        connection.request("GET", path)
        reply = connection.getresponse()
        return reply.status, reply.read(4096)
    finally:
        connection.close()


_QUESTIONS: dict[str, Callable[[Suite, Process], Awaitable[bool]]] = {
    "dns": _ask_dns,
    "postgres": _ask_postgres,
    "redis": _ask_redis,
    "store": _ask_store,
    "service": _ask_service,
    "nginx": _ask_nginx,
}
