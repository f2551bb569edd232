"""The suite of processes that a test session runs against, and ways to look at and to break it."""

import asyncio
import json
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import httpx
from redis.asyncio import Redis

from infra.control.health import (
    connect_superuser,
    dns_addresses,
    is_healthy,
    redis_operator,
)
from infra.control.progress import Progress
from infra.control.restart import restart_rolling
from infra.control.start import start_process
from infra.control.stop import wait_stopped
from infra.control.supervisor import Supervisor
from infra.deletion_audit.everywhere import remains_everywhere
from infra.deletion_audit.found import Remains
from infra.plan.parts import Plan
from infra.plan.secret_names import FOR_OPERATORS
from infra.process import Process
from infra.processes import processes_of
from infra.run_folder import REPOSITORY, RunFolder, locate_run_folder
from infra.suite import Suite as OnDisk
from infra.suite import limits_of, network_of, suite_in
from shared.service_client.http1_exchange import Http1Exchange

START_TIMEOUT_S = 180
OPERATION_TIMEOUT_S = 900
ASK_S = 5.0


class Suite:
    """A suite in a folder and on a network of its own; `start` and `reset` are for its fixture."""

    def __init__(
        self, run_dir: Path, network: str | None, *, located: RunFolder | None = None
    ) -> None:
        folder = located or locate_run_folder(run_dir)
        self._requested_dir = run_dir
        self._on_disk = suite_in(folder, network_of(folder, requested=network))
        self._supervisor = Supervisor(self._on_disk.folder)

    @property
    def on_disk(self) -> OnDisk:
        """The suite as operators' commands know it."""
        return self._on_disk

    @property
    def plan(self) -> Plan:
        """What the suite consists of."""
        return self._on_disk.plan

    @property
    def run_dir(self) -> Path:
        """Where its data, logs, keys and configuration are."""
        return self._on_disk.folder.root

    @property
    def log_dir(self) -> Path:
        """One file for each process."""
        return self._on_disk.folder.log

    @property
    def ca_file(self) -> Path:
        """The internal CA."""
        return self._on_disk.ca_file

    @property
    def public_url(self) -> str:
        """nginx-1, as a mobile client reaches it."""
        return self.plan.public_url

    @property
    def public_urls(self) -> tuple[str, ...]:
        """Every balancer."""
        nginx = self.plan.nginx
        return tuple(f"http://{address}:{nginx.port}" for address in nginx.replicas)

    def env(self, service: str, *, instance: str | None = None) -> dict[str, str]:
        """The environment of a process of a service, as the supervisor would give it."""
        text = self._on_disk.folder.environment(service).read_text(encoding="utf-8")
        lines = (line for line in text.splitlines() if line and not line.startswith("#"))
        words = (shlex.split(line)[0].partition("=") for line in lines)
        prefix = service.upper()
        return {
            **{name: value for name, _equals, value in words},
            f"{prefix}_INSTANCE": instance or f"{service}-test",
            f"{prefix}_LISTEN_HOST": "127.0.0.1",
        }

    def internal_key(self, audience: str) -> str:
        """The key that signs calls to a service."""
        return str(json.loads(self.env(audience)[f"{audience.upper()}_INTERNAL_KEYS"])[audience])

    def process(self, name: str) -> Process:
        """A process by the name that the supervisor knows it by, such as users-1."""
        return next(p for p in processes_of(self._on_disk) if p.name == name)

    def processes(self) -> tuple[Process, ...]:
        """All of them, in the order in which they are started."""
        return processes_of(self._on_disk)

    def process_names(self, service: str) -> list[str]:
        """The processes of a service, replicas before workers."""
        return [p.name for p in processes_of(self._on_disk) if p.service == service]

    def pid(self, name: str) -> int:
        """The process id, 0 while it does not run."""
        return self._supervisor.state(name).pid

    def kill(self, name: str, signal_number: signal.Signals = signal.SIGKILL) -> None:
        """Send a signal to the process; with SIGKILL the supervisor soon starts it again."""
        os.kill(self._running_pid(name), signal_number)

    def kill_group(self, name: str) -> None:
        """SIGKILL to the process and all of its children, as when a machine dies."""
        os.killpg(os.getpgid(self._running_pid(name)), signal.SIGKILL)

    def _running_pid(self, name: str) -> int:
        # To the operating system, 0 stands for all of our own processes.
        pid = self.pid(name)
        if not pid:
            raise ProcessLookupError(f"{name} does not run")
        return pid

    async def stop(self, name: str) -> None:
        """Stop it and leave it down."""
        self._supervisor.begin_stop(name)
        await asyncio.to_thread(wait_stopped, self._supervisor, [self.process(name)])

    async def start(self, name: str) -> None:
        """Start it and wait until it answers."""
        await start_process(self._on_disk, self._supervisor, self.process(name))

    def begin_start(self, name: str) -> None:
        """Start it without waiting for an answer."""
        self._supervisor.start(name)

    def restart(self, service: str) -> None:
        """What `make restart` does: one process of the service after the other."""
        self._infra("restart", service)

    async def restart_within(self, service: str) -> None:
        """The same in this process, which has its libraries loaded: that alone takes a second."""
        await restart_rolling(self.opened(), service, Progress(quiet=True))

    def opened(self) -> OnDisk:
        """The suite as a command opens it now, with the limits that it was started with."""
        folder = self._on_disk.folder
        return suite_in(folder, self.plan.network, limits_of(folder, requested=None))

    async def metrics(self, name: str) -> str:
        """The metrics of one process, read as a scraper does."""
        reply = await self.ask(name, "/metrics", self.operator_headers)
        assert reply.status_code == 200, reply.text
        return reply.text

    @property
    def operator_headers(self) -> dict[str, str]:
        """What an operator or a scraper sends with a request."""
        return {"Authorization": f"Bearer {self._on_disk.secrets[FOR_OPERATORS]}"}

    async def ask(
        self, name: str, path: str, headers: dict[str, str] | None = None
    ) -> httpx.Response:
        """GET from one process of a service, past the balancers."""
        process = self.process(name)
        port = process.port
        url = httpx.URL(f"https://{process.service}.internal:{port}{path}")
        exchange = Http1Exchange(url, self.ca_file)
        try:
            return await exchange.send(
                httpx.Request("GET", url, headers=headers), process.address, ASK_S
            )
        finally:
            await exchange.close()

    async def is_healthy(self, name: str) -> bool:
        """Whether the process answers a real question now."""
        return await is_healthy(self._on_disk, self.process(name))

    async def addresses(self, host: str) -> set[str]:
        """What the suite's name server answers for a name now."""
        return await dns_addresses(self._on_disk, host)

    @asynccontextmanager
    async def postgres(
        self, node: str, *, database: str | None = None
    ) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
        """A connection as the superuser to a server such as users-a or users-a-replica."""
        server = self.plan.member(node)
        connection = await connect_superuser(
            self._on_disk, server, database=database or server.service
        )
        try:
            yield connection
        finally:
            await connection.close()

    @asynccontextmanager
    async def redis(self, service: str) -> AsyncIterator[Redis]:
        """A client as the operator, who may do what the service may not, such as FLUSHALL."""
        async with redis_operator(self._on_disk, self.plan.redises[service]) as client:
            yield client

    async def remains(self, *wanted: str) -> list[Remains]:
        """Where in Postgres, Redis, store and caches these ids and names still stand."""
        return await remains_everywhere(self._on_disk, wanted)

    def log_of(self, name: str) -> str:
        """All that a process has written."""
        return self._on_disk.folder.process_log(name).read_text(encoding="utf-8")

    def bring_up(self, *, data_only: bool) -> None:
        """What `make up` does, for this folder and network."""
        self._infra("up", *(["--data-only"] if data_only else []), limits="loose")

    def reset(self) -> None:
        """Stop it and delete all that it kept, the folder too."""
        self._infra("reset", "--yes")
        if self._requested_dir.is_symlink():
            self._requested_dir.unlink()
        self.run_dir.rmdir()

    def operate(self, *arguments: str) -> str:
        """What an operator's command says, such as `backup`; a test fails where it does."""
        return self._infra(*arguments, timeout_s=OPERATION_TIMEOUT_S)

    def make(self, *words: str) -> subprocess.CompletedProcess[str]:
        """What `make` says to these words, as operators type them; nobody answers its questions."""
        return subprocess.run(
            ["make", "-s", f"RETRATO_PYTHON={sys.executable}", *words],
            cwd=REPOSITORY,
            env=self._environment(""),
            check=False,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=OPERATION_TIMEOUT_S,
        )

    async def upkeep(self, service: str, *arguments: str) -> str:
        """What a service's own operators' command prints, such as `reports`."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", f"services.{service}.upkeep", *arguments),
            env={**os.environ, **self.env(service)},
            stdout=asyncio.subprocess.PIPE,
        )
        printed, _ = await asyncio.wait_for(process.communicate(), START_TIMEOUT_S)
        assert process.returncode == 0, printed
        return printed.decode()

    def begin(self, *arguments: str) -> subprocess.Popen[bytes]:
        """An operator's command that the test does not wait for; nobody reads what it says."""
        return subprocess.Popen(
            [sys.executable, "-m", "infra", *arguments],
            cwd=REPOSITORY,
            env=self._environment(""),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def _environment(self, limits: str) -> dict[str, str]:
        return {
            **os.environ,
            "RETRATO_NET": self.plan.network,
            "RETRATO_RUN_DIR": str(self._requested_dir),
            # All phones of a test come from one address.
            "RETRATO_LIMITS": limits,
            # Enough to find a trace soon, and to have all tests run with some.
            "RETRATO_TRACE_SHARE": os.environ.get("RETRATO_TRACE_SHARE", "0.25"),
        }

    def _infra(self, *arguments: str, limits: str = "", timeout_s: float = START_TIMEOUT_S) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "infra", *arguments],
            cwd=REPOSITORY,
            env=self._environment(limits),
            check=False,
            capture_output=True,
            text=True,
            timeout=timeout_s,
        )
        if done.returncode:
            raise RuntimeError(f"infra {' '.join(arguments)} failed:\n{done.stdout}{done.stderr}")
        return done.stdout
