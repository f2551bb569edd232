"""A suite with failover loses leaders, changes its shape on the same data, and loses no row."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.backups.digests import Digests, differing, digests_of
from infra.control.health import connect_superuser
from infra.control.supervisor import Supervisor
from infra.failover.patroni import Standing, leading, standings_of
from infra.leaders import leader
from infra.plan.parts import Database
from infra.run_folder import REPOSITORY, locate_run_folder
from infra.suite import Suite, suite_in
from tests.eventually import eventually

pytestmark = [pytest.mark.long, pytest.mark.timeout(1500)]

_COMMAND_S = 600.0
_ROWS = 100


class Clusters:
    """A suite of databases with failover, in a folder and on a network of its own."""

    def __init__(self, folder: Path, network: str) -> None:
        self._folder, self._network = folder, network

    def infra(self, *words: str, **environment: str) -> str:
        """Run a command; fails the test if it fails."""
        own = {
            "RETRATO_RUN_DIR": str(self._folder),
            "RETRATO_NET": self._network,
            "RETRATO_BACKUPS": "off",
        }
        done = subprocess.run(
            [sys.executable, "-m", "infra", *words],
            cwd=REPOSITORY,
            env={**os.environ, **own, **environment},
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
        return suite_in(locate_run_folder(self._folder), self._network)

    @property
    def database(self) -> Database:
        return self.suite.plan.databases[0]

    async def standings(self) -> tuple[Standing, ...]:
        return await standings_of(self.suite, self.database)

    async def leads_with_one_in_sync(self, *, besides: str = "") -> Standing:
        """Wait for a leader other than `besides` with a member in sync; returns the leader."""

        async def check() -> Standing:
            standings = await self.standings()
            first = leading(standings)
            assert first is not None
            assert first.member.name != besides
            assert any(one.in_sync and one.is_well for one in standings)
            return first

        return await eventually(check, within_s=90, every_s=0.2)

    async def digests(self) -> dict[str, Digests]:
        found = {}
        for database in self.suite.plan.databases:
            connection = await connect_superuser(
                self.suite, leader(database), database=database.service
            )
            try:
                of_all = await digests_of(connection)
            finally:
                await connection.close()
            # The ledger notes each start.
            found[database.name] = {k: v for k, v in of_all.items() if not k.startswith("suite.")}
        return found

    async def write(self, first: int) -> None:
        """Write rows whose commits are acknowledged."""
        connection = await connect_superuser(
            self.suite, leader(self.database), database=self.database.service
        )
        try:
            await connection.execute("CREATE TABLE IF NOT EXISTS kept (n bigint PRIMARY KEY)")
            for number in range(first, first + _ROWS):
                await connection.execute("INSERT INTO kept VALUES ($1)", number)
        finally:
            await connection.close()

    async def rows(self) -> int:
        connection = await connect_superuser(
            self.suite, leader(self.database), database=self.database.service
        )
        try:
            return int(await connection.fetchval("SELECT count(*) FROM kept"))
        finally:
            await connection.close()

    def freeze(self, name: str) -> int:
        pid = Supervisor(self.suite.folder).state(f"postgres-{name}").pid
        os.kill(pid, signal.SIGSTOP)
        return pid

    def kill_with_patroni(self, name: str) -> None:
        """SIGKILL to a server and its Patroni, as when a machine dies; the supervisor restarts."""
        lock = self.suite.folder.data / "postgres" / name / "postmaster.pid"
        server = int(lock.read_text(encoding="ascii").split()[0])
        os.kill(Supervisor(self.suite.folder).state(f"postgres-{name}").pid, signal.SIGKILL)
        os.kill(server, signal.SIGKILL)


@pytest.fixture
def clusters() -> Iterator[Clusters]:
    folder = Path(os.environ.get("RETRATO_TEST_RUN_DIR") or REPOSITORY / ".run-test")
    network = os.environ.get("RETRATO_TEST_NET") or "127.21"
    clusters = Clusters(folder.with_name(f"{folder.name}-failover"), network)
    clusters.infra("reset", "--yes")
    yield clusters
    clusters.infra("reset", "--yes")


async def test_a_suite_gains_failover_loses_its_leaders_and_goes_back(clusters: Clusters) -> None:
    clusters.infra("up", "--data-only")
    await clusters.write(0)
    before = await clusters.digests()

    clusters.infra("up", "--data-only", "--ha")
    adopted = await clusters.digests()
    assert [name for name in before if differing(before[name], adopted[name])] == []
    first = await clusters.leads_with_one_in_sync()
    clusters.kill_with_patroni(first.member.name)
    second = await clusters.leads_with_one_in_sync(besides=first.member.name)
    assert second.timeline > first.timeline
    await clusters.write(_ROWS)

    # A frozen Patroni cannot demote its server: the fence kills it.
    frozen = clusters.freeze(second.member.name)
    try:

        async def is_replaced() -> None:
            found = leading(await clusters.standings())
            assert found is not None
            assert found.member != second.member

        await eventually(is_replaced, within_s=60, every_s=0.2)
    finally:
        os.kill(frozen, signal.SIGCONT)
    await clusters.leads_with_one_in_sync()
    assert await clusters.rows() == 2 * _ROWS

    clusters.infra("switchover", clusters.database.name)
    # A start that finds another leader than the topology's first member changes nothing.
    clusters.infra("down")
    clusters.infra("up", "--data-only")
    await clusters.leads_with_one_in_sync()
    await clusters.write(2 * _ROWS)
    with_failover = await clusters.digests()

    clusters.infra("up", "--data-only", "--no-ha")
    assert clusters.suite.plan.failover is None
    assert await clusters.digests() == with_failover
    assert await clusters.rows() == 3 * _ROWS


def test_a_lease_of_ten_seconds_needs_our_start(tmp_path: Path) -> None:
    """Patroni's own start raises it; ours does not. Whatever of this changes must be seen."""
    folder = Path(os.environ.get("RETRATO_VENV_DIR") or REPOSITORY / ".run")
    python = folder / "venv-ha" / "bin" / "python"
    config = tmp_path / "patroni.yml"
    config.write_text("scope: a\nname: b\n", encoding="ascii")
    script = (
        "import runpy, sys\n"
        "from patroni.config import Config\n"
        "if sys.argv[2]: runpy.run_path(sys.argv[2], run_name='not main')\n"
        "config = Config(sys.argv[1], None)\n"
        "config.set_dynamic_configuration({'ttl': 10, 'loop_wait': 1, 'retry_timeout': 3})\n"
        "print(config['ttl'])\n"
    )
    ours = str(REPOSITORY / "infra" / "failover" / "patroni_start.py")
    said = [
        subprocess.run(
            [str(python), "-c", script, str(config), start],
            check=True,
            stdout=subprocess.PIPE,
            text=True,
            timeout=60,
        ).stdout.strip()
        for start in ("", ours)
    ]
    assert said == ["20", "10"]
