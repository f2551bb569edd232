"""The faults: each breaks something real, and mends it when its block ends."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass

import asyncpg
import httpx

from bench.alerts.receiver import Told
from infra.certificates import Authority, KeyPair
from infra.control.run_lock import sole_command
from infra.control.supervisor import Supervisor
from shared.sharding.job_queue import SCHEMA, TABLE
from tests.eventually import eventually
from tests.journeys.phone import Phone, picture
from tests.suite import Suite

# A store lets requests under way end before the next one begins.
RENEWED_STORE_S = 12.0


@dataclass(frozen=True)
class Scene:
    """A watched suite, two people, and what was told."""

    suite: Suite
    alice: Phone
    bob: Phone
    told: Told


Break = Callable[[Scene], AbstractAsyncContextManager[None]]


@dataclass(frozen=True)
class Fault:
    """A fault in words, the alerts that it must raise, and how long they may take."""

    words: str
    alerts: tuple[str, ...]
    breaks: Break
    patience_s: float = 150.0


def stopped(*names: str) -> Break:
    """Return a fault: these processes are stopped."""

    @asynccontextmanager
    async def block(scene: Scene) -> AsyncIterator[None]:
        supervisor = Supervisor(scene.suite.on_disk.folder)
        for name in names:
            supervisor.begin_stop(name)
        try:
            yield
        finally:
            await asyncio.gather(*(scene.suite.start(name) for name in names))

    return block


def frozen(name: str) -> Break:
    """Return a fault: this process accepts connections and answers nothing."""

    @asynccontextmanager
    async def block(scene: Scene) -> AsyncIterator[None]:
        scene.suite.kill(name, signal.SIGSTOP)
        try:
            yield
        finally:
            scene.suite.kill(name, signal.SIGCONT)

    return block


@asynccontextmanager
async def feed_away(scene: Scene) -> AsyncIterator[None]:
    """Stop both processes of feed, and let users have something to tell it."""
    async with stopped("feed-1", "feed-2")(scene):
        with suppress(AssertionError, httpx.HTTPError):
            await scene.alice.follow(scene.bob)
        yield


@asynccontextmanager
async def event_parked(scene: Scene) -> AsyncIterator[None]:
    """Hold an event of users, which waits for feed, as if it had failed for good."""
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(stopped("feed-1", "feed-2")(scene))
        with suppress(AssertionError, httpx.HTTPError):
            await scene.bob.follow(scene.alice)
        for node in ("users-a", "users-b"):
            connection = await stack.enter_async_context(scene.suite.postgres(node))
            schemas = await connection.fetch(
                "SELECT schemaname FROM pg_tables WHERE tablename = 'outbox'"
            )
            for (schema,) in schemas:
                table = f'"{schema}".outbox'
                await connection.execute(f"UPDATE {table} SET parked_because = 'drill'")
                stack.push_async_callback(
                    connection.execute,
                    f"UPDATE {table} SET parked_because = NULL WHERE parked_because = 'drill'",
                )
        for name in ("feed-1", "feed-2"):
            await scene.suite.start(name)
        yield


@asynccontextmanager
async def killed_often(scene: Scene) -> AsyncIterator[None]:
    """Kill a worker five times."""
    for _time in range(5):
        before = scene.suite.pid("users-worker-1")
        scene.suite.kill("users-worker-1")

        def is_another(before: int = before) -> None:
            assert scene.suite.pid("users-worker-1") not in {0, before}

        await eventually(is_another, within_s=30)
        # The caretaker looks every five seconds, and Prometheus asks it every fifteen.
        await asyncio.sleep(16)
    yield


@asynccontextmanager
async def replay_paused(scene: Scene) -> AsyncIterator[None]:
    """Let a replica receive WAL and not apply it."""
    async with scene.suite.postgres("feed-a-replica", database="postgres") as connection:
        await connection.execute("SELECT pg_wal_replay_pause()")
        try:
            yield
        finally:
            await connection.execute("SELECT pg_wal_replay_resume()")


@asynccontextmanager
async def connections_taken(scene: Scene) -> AsyncIterator[None]:
    """Open connections to a primary until nine tenths are in use."""
    most = scene.suite.plan.limits.postgres_connections_max
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(scene.suite.postgres("users-a"))
        used = await first.fetchval("SELECT count(*) FROM pg_stat_activity")
        for _number in range(int(most * 0.9) - used):
            await stack.enter_async_context(scene.suite.postgres("users-a"))
        yield


@asynccontextmanager
async def transaction_open(scene: Scene) -> AsyncIterator[None]:
    """Leave a transaction open."""
    async with scene.suite.postgres("upload-a") as connection:
        await connection.execute("SET idle_in_transaction_session_timeout = 0")
        transaction = connection.transaction()
        await transaction.start()
        await connection.fetchval("SELECT txid_current()")
        try:
            yield
        finally:
            await transaction.rollback()


@asynccontextmanager
async def jobs_wait(scene: Scene) -> AsyncIterator[None]:
    """Queue a thousand jobs of a kind that no worker runs."""
    async with scene.suite.postgres("upload-a") as connection:
        await connection.execute(
            f"INSERT INTO {SCHEMA}.{TABLE} (priority, status, entrypoint, execute_after)"
            " SELECT 0, 'queued', 'drill', now() FROM generate_series(1, 1000)"
        )
        try:
            yield
        finally:
            await _forget_jobs(connection)


async def _forget_jobs(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    await connection.execute(f"DELETE FROM {SCHEMA}.{TABLE} WHERE entrypoint = 'drill'")


@asynccontextmanager
async def jobs_late(scene: Scene) -> AsyncIterator[None]:
    """Stop the worker of uploads for 90 seconds while photos wait for it."""
    async with stopped("upload-worker-1")(scene):
        await asyncio.gather(*(scene.alice.upload(picture()) for _number in range(5)))
        await asyncio.sleep(90)
    yield


@asynccontextmanager
async def objects_lost(scene: Scene) -> AsyncIterator[None]:
    """Put a picture's objects aside, and compare the store with the database."""
    store = scene.suite.on_disk.folder.store / scene.suite.plan.store.bucket
    lost = [
        path for path in sorted(store.rglob("*")) if path.is_file() and "renditions" in str(path)
    ]
    aside = scene.suite.run_dir / "drill-object"
    supervisor = Supervisor(scene.suite.on_disk.folder)
    lost[0].rename(aside)
    # It keeps its listings for minutes, because nobody else writes below its folder.
    supervisor.signal("store", "HUP")
    await asyncio.sleep(RENEWED_STORE_S)
    with suppress(RuntimeError):
        await asyncio.to_thread(scene.suite.operate, "verify-store")
    try:
        yield
    finally:
        aside.rename(lost[0])
        supervisor.signal("store", "HUP")
        await asyncio.sleep(RENEWED_STORE_S)
        with suppress(RuntimeError):
            await asyncio.to_thread(scene.suite.operate, "verify-store")


@asynccontextmanager
async def certificate_short(scene: Scene) -> AsyncIterator[None]:
    """Give feed a certificate of two days, which nobody may renew while a command is at work."""
    folder = scene.suite.on_disk.folder
    with sole_command(folder, "bench-alerts"):
        pair = KeyPair(folder.pki / "feed.crt", folder.pki / "feed.key")
        Authority(folder.pki).renew(pair, days=2)
        yield


@asynccontextmanager
async def notifications_refused(scene: Scene) -> AsyncIterator[None]:
    """Refuse all notifications but those of the refusal."""
    scene.told.accepts_only = "AlertsNotSent"
    async with stopped("redis-exporter")(scene):
        try:
            yield
        finally:
            scene.told.accepts_only = ""


@asynccontextmanager
async def rule_broken(scene: Scene) -> AsyncIterator[None]:
    """Add a rule that cannot be evaluated."""
    etc, supervisor = (
        scene.suite.on_disk.folder.etc / "prometheus",
        Supervisor(scene.suite.on_disk.folder),
    )
    config, broken = etc / "prometheus.yml", etc / "drill.yml"
    text = config.read_text(encoding="utf-8")
    # Several processes of a part match one another.
    broken.write_text(
        '{"groups": [{"name": "drill", "rules": [{"record": "drill", "expr": "up * on (x) up"}]}]}',
        encoding="utf-8",
    )
    broken.chmod(0o644)
    config.write_text(text.replace("rules.yml]", f"rules.yml, {broken}]"), encoding="utf-8")
    supervisor.signal("prometheus", "HUP")
    try:
        yield
    finally:
        config.write_text(text, encoding="utf-8")
        broken.unlink()
        supervisor.signal("prometheus", "HUP")


# The faults of a wave happen at once, because none of them raises an alert of another. What
# Alertmanager leaves unsaid beside a graver alert has a fault without that one.
WAVES = (
    (
        Fault("the Redis of feed is stopped", ("RedisAway",), stopped("redis-feed")),
        Fault("the object store is stopped", ("StoreAway",), stopped("store")),
        Fault("one process of users is stopped", ("ProcessAway",), stopped("users-2")),
        Fault(
            "a replica is stopped",
            ("NoReplica", "DatabaseServerAway"),
            stopped("postgres-upload-a-replica"),
        ),
        Fault("a replica applies nothing", ("ReplicaLags",), replay_paused),
        Fault(
            "nine tenths of the connections are taken", ("ConnectionsScarce",), connections_taken
        ),
        Fault("an exporter is stopped", ("WatcherAway",), stopped("nginx-exporter-2")),
        Fault("a thousand jobs wait", ("JobsWait",), jobs_wait, 240),
    ),
    (
        Fault(
            "both processes of feed are stopped",
            ("ServiceAway", "RequestsFail", "ProcessStopped", "OutboxOld"),
            feed_away,
        ),
        Fault(
            "a certificate ends in two days, and is not renewed",
            ("CertificateEnds", "CertificateNotRenewed"),
            certificate_short,
        ),
        Fault("an object is lost", ("StoreMismatch",), objects_lost),
        Fault("a rule cannot be evaluated", ("RulesFail",), rule_broken, 240),
    ),
    (
        Fault("a primary is stopped", ("PrimaryAway",), stopped("postgres-feed-a")),
        Fault(
            "both balancers are stopped",
            ("BalancersAway", "BalancerAway"),
            stopped("nginx-1", "nginx-2"),
        ),
        Fault("the name server is stopped", ("NamesAway",), stopped("dns")),
    ),
    (
        Fault(
            "the exporter of databases is stopped",
            ("DatabasesUnseen",),
            stopped("postgres-exporter"),
        ),
        Fault("an event has failed for good", ("OutboxParked",), event_parked),
        Fault("the worker of uploads was away for 90 s", ("JobsStartLate",), jobs_late, 300),
    ),
    (
        # It ends a quarter of an hour after the last start.
        Fault("a worker is killed five times", ("ProcessRestarts",), killed_often),
        Fault("a transaction stays open", ("TransactionTooLong",), transaction_open, 400),
        Fault("a receiver refuses notifications", ("AlertsNotSent",), notifications_refused, 300),
    ),
    (Fault("the Redis of users is frozen", ("RedisAway",), frozen("redis-users")),),
)
