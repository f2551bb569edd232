"""Checks whether processes answer real requests; the supervisor only knows that they run."""

import asyncio
import contextlib
import datetime as dt
import http.client
import ssl
from collections.abc import Awaitable, Callable, Iterable
from email.message import Message

import asyncpg
import dns.asyncquery
import dns.exception
import dns.message
import redis.asyncio
import redis.exceptions

from infra.control.closing import close_connection
from infra.control.failures import ServerSilent
from infra.control.supervisor import Supervisor
from infra.failover.patroni import standing_of
from infra.failover.roles import server_in_role
from infra.leaders import leader_of, leads
from infra.plan.parts import Kind, Member, PlannedRedis
from infra.process import Process
from infra.rendering.postgres import slot_name
from infra.secret_values import SUPERUSER, open_secrets
from infra.suite import Suite
from infra.trust import tls_context
from infra.watching.reading import reader_context
from shared.network.resolver import NameUnknown, Resolver
from shared.version import VERSION_HEADER

_ASK_TIMEOUT_S = 2.0
# A command has something to do there, and waits for a server that everybody asks at a start.
_CONNECT_TIMEOUT_S = 20.0
# More at once take the event loop of a busy machine from one another until nobody has answered.
ASKED_AT_ONCE = 8
# A replica that the primary refuses reconnects again and again, and streams for a moment each time.
_STREAMING_S = 1.0
# The WAL that a primary keeps in any case; a replica further behind is not healthy.
_BEHIND_BYTES_MAX = 128 * 1024**2
_FOLLOWS = """
SELECT state, EXTRACT(epoch FROM clock_timestamp() - backend_start)::float AS seconds,
       (pg_current_wal_flush_lsn() - replay_lsn)::bigint AS behind
FROM pg_stat_replication WHERE application_name = $1
ORDER BY state = 'streaming' DESC, backend_start LIMIT 1
"""
# Postgres' messages in a replica's log after which waiting cannot help.
_NEVER_FOLLOWS = (
    "has already been removed",
    "is ahead of the WAL flush position of this server",
    "is not in this server's history",
    "database system identifier differs between the primary and standby",
)
_LOG_TAIL_CHARS = 4_000
# The errors of a request to a server that is starting, full or down.
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
    """Whether the process answers a real request within _ASK_TIMEOUT_S."""
    try:
        async with asyncio.timeout(_ASK_TIMEOUT_S):
            return await _QUESTIONS[process.check.kind](suite, process)
    except _REFUSALS:
        return False


async def are_healthy(suite: Suite, processes: Iterable[Process]) -> list[bool]:
    """Whether each process answers; a few are asked at once, so that each has its time."""
    places = asyncio.Semaphore(ASKED_AT_ONCE)

    async def ask(process: Process) -> bool:
        async with places:
            return await is_healthy(suite, process)

    return list(await asyncio.gather(*map(ask, processes)))


async def refusal_of(suite: Suite, process: Process, since: dt.datetime) -> str | None:
    """Return why the process will never answer, or None if waiting may help.

    Only the lines that its log got after `since` count.
    """
    if process.kind != "postgres" or suite.plan.failover is not None:
        return None
    node = suite.plan.member(process.server)
    try:
        connection = await connect_superuser(suite, node, within_s=_ASK_TIMEOUT_S)
    except asyncpg.InvalidAuthorizationSpecificationError as error:
        return (
            f"{node.name} refuses the password of {suite.folder.secrets_file} ({error}). Put the"
            " file back with which this suite was made."
        )
    except asyncpg.InvalidCatalogNameError as error:
        return (
            f"{node.name} has lost files of its databases ({error}): run `make down`, then"
            " `make up` says what can be done."
        )
    except ssl.SSLCertVerificationError as error:
        return (
            f"{node.name} shows a certificate that {suite.ca_file} did not sign ({error.reason})."
        )
    except _REFUSALS:
        return None
    await close_connection(connection)
    return None if leads(node) else _why_not_following(suite, node, since)


def _why_not_following(suite: Suite, node: Member, since: dt.datetime) -> str | None:
    log = suite.folder.process_log(f"postgres-{node.name}")
    moment = f"{since:%Y-%m-%d %H:%M:%S}"
    tail = (
        log.read_text(encoding="utf-8", errors="replace")[-_LOG_TAIL_CHARS:] if log.exists() else ""
    )
    lines = [line for line in tail.splitlines() if line[: len(moment)] >= moment]
    fatal = next((word for word in _NEVER_FOLLOWS for line in lines if word in line), None)
    if fatal is None:
        return None
    return (
        f"{node.name} cannot follow {node.database}: its log says {fatal!r}. If {node.database}"
        f" is the right one, move {suite.folder.data / 'postgres' / node.name} away, and"
        " `make up` copies it anew."
    )


async def connect_superuser(
    suite: Suite,
    server: Member,
    *,
    database: str = "postgres",
    writes: bool = False,
    within_s: float = _CONNECT_TIMEOUT_S,
) -> "asyncpg.Connection[asyncpg.Record]":
    """Connect to a Postgres server as its superuser, with its certificate verified.

    With failover a name means a role: the first name of a database is the member that leads now.
    With `writes` the session may write even while the disk watch refuses writes to others. A start
    has already checked the space. A password that was rotated meanwhile is read again.
    Raises ServerSilent.
    """
    server = await server_in_role(suite, server)

    async def connect(password: str) -> "asyncpg.Connection[asyncpg.Record]":
        try:
            return await asyncpg.connect(
                host=server.address,
                port=server.port,
                user="postgres",
                password=password,
                database=database,
                ssl=tls_context(suite),
                timeout=within_s,
                command_timeout=30,
                server_settings={"default_transaction_read_only": "off"} if writes else {},
            )
        except TimeoutError:
            raise ServerSilent(
                f"{server.name} has not answered within {within_s:.0f} s."
                " `make status` shows what runs."
            ) from None

    known = suite.secrets[SUPERUSER]
    try:
        return await connect(known)
    except asyncpg.InvalidPasswordError:
        # Twice, because a rotation may begin between a reading and its use.
        for _reading in range(2):
            now = open_secrets(suite.folder.secrets_file, suite.plan, may_make=False)
            for password in now.accepted(SUPERUSER):
                if password != known:
                    with contextlib.suppress(asyncpg.InvalidPasswordError):
                        return await connect(password)
        raise


async def dns_addresses(suite: Suite, host: str) -> set[str]:
    """Return the addresses that the suite's processes find for a name."""
    server = suite.plan.dns
    if not server.embedded:
        return await _addresses_elsewhere(suite, host)
    reply = await dns.asyncquery.udp(
        dns.message.make_query(host, "A"), server.address, port=server.port, timeout=_ASK_TIMEOUT_S
    )
    return {str(item) for answer in reply.answer for item in answer}


async def _addresses_elsewhere(suite: Suite, host: str) -> set[str]:
    resolver = Resolver(suite.plan.dns.servers, suite.plan.dns.asked_zone)
    try:
        return set(await resolver.addresses(host))
    except NameUnknown:
        return set()
    finally:
        await resolver.close()


async def _ask_postgres(suite: Suite, process: Process) -> bool:
    node = suite.plan.member(process.server)
    if suite.plan.failover is not None:
        # Patroni answers with what its server has just answered.
        return (await standing_of(suite, node)).is_well
    connection = await connect_superuser(suite, node)
    try:
        recovers = bool(await connection.fetchval("SELECT pg_is_in_recovery()"))
    finally:
        await close_connection(connection)
    # A primary in recovery, or a replica that takes writes, has the wrong role.
    if leads(node):
        return not recovers
    return recovers and await _is_followed(suite, node)


async def _is_followed(suite: Suite, node: Member) -> bool:
    """Whether the primary confirms the streaming, since a replica reports it at every connect."""
    connection = await connect_superuser(suite, leader_of(suite.plan, node))
    try:
        row = await connection.fetchrow(_FOLLOWS, slot_name(node))
    finally:
        await close_connection(connection)
    return (
        row is not None
        and row["state"] == "streaming"
        and row["seconds"] >= _STREAMING_S
        and row["behind"] is not None
        and row["behind"] <= _BEHIND_BYTES_MAX
    )


def redis_operator(suite: Suite, server: PlannedRedis) -> redis.asyncio.Redis:
    """Return a client as the operator user, which the caller must close."""
    return redis.asyncio.Redis(
        host=server.address,
        port=server.port,
        username="operator",
        password=suite.secrets["redis_operator"],
        ssl=True,
        ssl_ca_certs=str(suite.ca_file),
        socket_timeout=_ASK_TIMEOUT_S,
    )


async def _ask_redis(suite: Suite, process: Process) -> bool:
    server = suite.plan.redises[process.server]
    async with redis_operator(suite, server) as client:
        return bool(await client.ping())


async def _ask_dns(suite: Suite, _process: Process) -> bool:
    # The first query for a name starts its health checks; until then DNS lists all replicas.
    # One after another, they would share the time of a single answer.
    asked = (dns_addresses(suite, name.host) for name in suite.plan.names)
    return all(await asyncio.gather(*asked))


async def _ask_store(suite: Suite, process: Process) -> bool:
    # The store must refuse an unsigned request itself, which shows that it runs and is protected.
    status, _body = await asyncio.to_thread(_get, process, tls_context(suite))
    return status in {400, 403}


async def _ask_service(suite: Suite, process: Process) -> bool:
    status, body = await asyncio.to_thread(_get, process, tls_context(suite))
    return status == 200 and body == b"ok"


async def _ask_etcd(suite: Suite, process: Process) -> bool:
    status, body = await asyncio.to_thread(_get, process, tls_context(suite))
    return status == 200 and b'"true"' in body


async def _ask_fence(suite: Suite, process: Process) -> bool:
    # It listens nowhere, so that only the supervisor knows of it.
    return (await asyncio.to_thread(Supervisor(suite.folder).state, process.name)).is_up


async def _ask_watcher(suite: Suite, process: Process) -> bool:
    context = await asyncio.to_thread(reader_context, suite, process.planned.role)
    status, _body = await asyncio.to_thread(_get, process, context)
    return status == 200


async def _ask_nginx(_suite: Suite, process: Process) -> bool:
    status, _body = await asyncio.to_thread(_get, process, None)
    return status == 200


async def version_of(suite: Suite, process: Process) -> str:
    """Return version and commit of the code that a process runs.

    Returns "" for programs of others, for versions before 1.0.0, and for a silent process.
    """
    if process.kind != "service":
        return ""
    try:
        _status, _body, headers = await asyncio.to_thread(_page, process, tls_context(suite))
    except _REFUSALS:
        return ""
    return headers.get(VERSION_HEADER, "")


def _get(process: Process, context: ssl.SSLContext | None) -> tuple[int, bytes]:
    status, body, _headers = _page(process, context)
    return status, body


def _page(process: Process, context: ssl.SSLContext | None) -> tuple[int, bytes, Message]:
    """GET the page of the check, over TLS if there is a context."""
    where = (process.address, process.port)
    connection = (
        http.client.HTTPSConnection(*where, timeout=_ASK_TIMEOUT_S, context=context)
        if context
        else http.client.HTTPConnection(*where, timeout=_ASK_TIMEOUT_S)
    )
    try:
        connection.request("GET", process.check.path)
        reply = connection.getresponse()
        return reply.status, reply.read(4096), reply.headers
    finally:
        connection.close()


_QUESTIONS: dict[Kind, Callable[[Suite, Process], Awaitable[bool]]] = {
    "dns": _ask_dns,
    "postgres": _ask_postgres,
    "redis": _ask_redis,
    "store": _ask_store,
    "service": _ask_service,
    "nginx": _ask_nginx,
    "etcd": _ask_etcd,
    "fence": _ask_fence,
    "watcher": _ask_watcher,
}
