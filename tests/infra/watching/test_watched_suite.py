"""A suite with watchers sees all its parts, and shows them to nobody else."""

import os
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest
import redis.exceptions
from redis.asyncio import Redis

from infra.control.supervisor import Supervisor
from infra.ops.state import read_state
from infra.plan.database_roles import MONITOR_ROLE
from infra.plan.secret_names import WATCH_POSTGRES, WATCH_REDIS
from infra.run_folder import REPOSITORY, locate_run_folder
from infra.suite import Suite, suite_in
from infra.trust import tls_context
from infra.watching.commands import REDIS_MONITOR
from infra.watching.reading import firing, query
from infra.watching.rule_file import alerts_of
from infra.watching.targets import targets_of
from tests.conftest import TEST_NETWORK
from tests.eventually import eventually

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]

_COMMAND_S = 300.0
_SERIES_MAX, _OUR_SERIES_MAX = 12_000, 5_000


class Watched:
    """A suite with watchers, in a folder and on a network of its own."""

    def __init__(self, folder: Path, network: str) -> None:
        self._folder, self._network = folder, network

    def infra(self, *words: str, watch: str = "on") -> str:
        """Run a command; fails the test if it fails."""
        own = {
            "RETRATO_RUN_DIR": str(self._folder),
            "RETRATO_NET": self._network,
            "RETRATO_WATCH": watch,
            "RETRATO_BACKUPS": "off",
        }
        done = subprocess.run(
            [sys.executable, "-m", "infra", *words],
            cwd=REPOSITORY,
            env={**os.environ, **own},
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_COMMAND_S,
        )
        assert done.returncode == 0, f"{words}: {done.returncode}\n{done.stdout}"
        return done.stdout

    @property
    def suite(self) -> Suite:
        """The suite as its last start left it."""
        return suite_in(locate_run_folder(self._folder), self._network)

    def count(self, expression: str) -> int:
        """The value of a query for one number."""
        found = query(self.suite, expression)
        return int(float(found[0]["value"][1])) if found else 0


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    patch = pytest.MonkeyPatch()
    # Without it, what the last start was decides.
    patch.delenv("RETRATO_WATCH", raising=False)
    base = os.environ.get("RETRATO_TEST_RUN_DIR") or str(REPOSITORY / ".run-test")
    network = os.environ.get("RETRATO_TEST_NET") or TEST_NETWORK
    watched = Watched(Path(f"{base}-watched"), network)
    watched.infra("reset", "--yes")
    try:
        watched.infra("up")
        yield watched
    finally:
        watched.infra("reset", "--yes")
        patch.undo()


async def test_everything_is_asked_and_answers(watched: Watched) -> None:
    targets = targets_of(watched.suite.plan)

    def all_answer() -> None:
        up = {one["metric"]["instance"] for one in query(watched.suite, "up == 1")}
        assert up == {target.instance for target in targets}
        assert watched.count("sum(redis_up)") == len(watched.suite.plan.redises)
        assert watched.count("sum(nginx_up)") == len(watched.suite.plan.nginx.replicas)
        assert watched.count("sum(pg_server_answers)") == len(watched.suite.plan.members)

    await eventually(all_answer, within_s=120, every_s=1)
    assert watched.count('count({__name__=~".+"})') < _SERIES_MAX
    assert watched.count('count({__name__=~"(retrato|process|python)_.+"})') < _OUR_SERIES_MAX


async def test_every_rule_is_evaluated_without_an_error(watched: Watched) -> None:
    def evaluated() -> None:
        assert watched.count("sum(prometheus_rule_evaluations_total)") > 0
        assert not watched.count("sum(prometheus_rule_evaluation_failures_total)")
        assert {"Heartbeat"} <= {one["labels"]["alertname"] for one in firing(watched.suite)}

    await eventually(evaluated, within_s=60, every_s=1)
    assert len(list(alerts_of(watched.suite.plan))) > 30


def test_nobody_else_is_answered(watched: Watched) -> None:
    for process in watched.suite.plan.processes:
        if process.kind == "watcher" and process.service != "nginx-exporter":
            url = f"https://{process.address}:{process.port}/metrics"
            with pytest.raises((urllib.error.URLError, ssl.SSLError, ConnectionError)):
                urllib.request.urlopen(url, context=tls_context(watched.suite), timeout=5).read()


async def test_the_exporter_reads_no_rows(watched: Watched) -> None:
    suite = watched.suite
    member = suite.plan.members[0]

    async def connect(database: str) -> "asyncpg.Connection[asyncpg.Record]":
        return await asyncpg.connect(
            host=member.address,
            port=member.port,
            user=MONITOR_ROLE,
            password=suite.secrets[WATCH_POSTGRES],
            database=database,
            ssl=tls_context(suite),
        )

    connection = await connect("postgres")
    assert await connection.fetchval("SELECT count(*) FROM pg_stat_activity") > 0
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute("SELECT pg_read_file('PG_VERSION')")
    await connection.close()
    with pytest.raises(asyncpg.InvalidAuthorizationSpecificationError):
        await connect(member.service)


async def test_the_exporter_reads_no_keys_of_redis(watched: Watched) -> None:
    suite = watched.suite
    server = next(iter(suite.plan.redises.values()))
    async with Redis(
        host=server.address,
        port=server.port,
        username=REDIS_MONITOR,
        password=suite.secrets[WATCH_REDIS],
        ssl=True,
        ssl_ca_certs=str(suite.ca_file),
    ) as client:
        assert await client.info()
        for refused in (("GET", "x"), ("KEYS", "*"), ("CONFIG", "SET", "maxmemory", "1")):
            with pytest.raises(redis.exceptions.NoPermissionError):
                await client.execute_command(*refused)  # type: ignore[no-untyped-call]


async def test_a_lost_redis_is_noticed_and_its_return(watched: Watched) -> None:
    supervisor = Supervisor(watched.suite.folder)
    supervisor.begin_stop("redis-upload")

    def told(*, fires: bool) -> None:
        names = {one["labels"]["alertname"] for one in firing(watched.suite)}
        assert ("RedisAway" in names) == fires

    await eventually(lambda: told(fires=True), within_s=90, every_s=0.5)
    supervisor.start("redis-upload")
    await eventually(lambda: told(fires=False), within_s=120, every_s=0.5)


async def test_a_start_without_watchers_removes_them(watched: Watched) -> None:
    watched.infra("up", watch="off")
    suite = watched.suite
    assert suite.plan.watch is None
    assert not [name for name in Supervisor(suite.folder).states() if "exporter" in name]
    # The choice stays until another one is made.
    watched.infra("up", watch="")
    assert watched.suite.plan.watch is None
    watched.infra("up")
    assert "prometheus" in Supervisor(watched.suite.folder).states()
    started_s = time.time()

    # The caretaker runs on all the while, and has begun before this start.
    def page_knows() -> None:
        state = read_state(suite.folder.state_file)
        assert state.at > started_s
        assert {"prometheus", "ops"} <= {process.name for process in state.processes}

    await eventually(page_knows, within_s=30)
