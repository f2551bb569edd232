"""The processes of the plan on one machine: what each runs, as whom, and which comes up first."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum

from infra.accounts import Account, account_for
from infra.backups.place import backup_folder
from infra.leaders import leads
from infra.plan.parts import Check, Kind, PlannedProcess
from infra.programs import postgres_program, program
from infra.suite import Suite

# Where one machine carries all of it: what answers or refuses people comes first, so that a refusal
# is quick however much there is to do; then what they wait for, last what nobody waits for.
NICE_BEHIND_THE_DOOR = 10
NICE_IN_THE_BACKGROUND = 15


class Tier(IntEnum):
    """What must answer before the next tier is started.

    The store of the backups starts with the data, and stops after it: a database archives its last
    WAL as it stops.
    """

    BACKUPS = 0
    DATA = 1
    REPLICAS = 2
    SERVICES = 3
    GATEWAYS = 4
    BALANCERS = 5


@dataclass(frozen=True, slots=True)
class Process:
    """A planned process as the supervisor of one machine runs it."""

    planned: PlannedProcess
    check: Check
    tier: Tier
    command: tuple[str, ...]
    account: Account
    environment: Mapping[str, str] = field(default_factory=dict)
    stop_signal: str = "TERM"
    stop_wait_s: int = 20
    niceness: int = 0  # how far it gives way to others where all share a few cores

    @property
    def name(self) -> str:
        """The name that the supervisor and `make status` know it by."""
        return self.planned.name

    @property
    def kind(self) -> Kind:
        """What it is, in the words of the plan."""
        return self.planned.kind

    @property
    def service(self) -> str:
        """The service that `make restart S=` and `make logs S=` know it by."""
        return self.planned.service

    @property
    def server(self) -> str:
        """Which member or which Redis a database's process is."""
        return self.planned.server

    @property
    def address(self) -> str:
        """Where it listens."""
        return self.planned.address

    @property
    def port(self) -> int:
        """The port on which it listens first."""
        return self.planned.port

    @property
    def endpoint(self) -> str:
        """Address and port, as people write them."""
        return f"{self.address}:{self.port}"


def processes_of(suite: Suite) -> tuple[Process, ...]:
    """All processes of the plan in the order of their tiers."""
    processes = [_LOCAL[planned.kind](suite, planned) for planned in suite.plan.processes]
    return tuple(sorted(processes, key=lambda process: process.tier))


def _dns(suite: Suite, planned: PlannedProcess) -> Process:
    return Process(
        planned,
        suite.plan.checks[planned.name],
        tier=Tier.DATA,
        command=(program("pdns_server"), f"--config-dir={suite.folder.etc / 'dns'}"),
        account=account_for("dns"),
    )


def _postgres(suite: Suite, planned: PlannedProcess) -> Process:
    node = suite.plan.member(planned.server)
    config = suite.folder.etc / "postgres" / node.name / "postgresql.conf"
    follows = not leads(node)
    return Process(
        planned,
        suite.plan.checks[planned.name],
        tier=Tier.REPLICAS if follows else Tier.DATA,
        command=(postgres_program("postgres"), "-D", str(config.parent)),
        account=account_for("postgres"),
        # HOME, because libpq looks there for certificates and root's own is closed to others.
        environment={"HOME": str(suite.folder.data / "postgres")},
        # "Fast": sessions are ended, transactions rolled back, and the WAL is closed properly.
        stop_signal="INT",
        stop_wait_s=60,
        niceness=NICE_IN_THE_BACKGROUND if follows else NICE_BEHIND_THE_DOOR,
    )


def _redis(suite: Suite, planned: PlannedProcess) -> Process:
    config = f"{planned.server}.conf"
    return Process(
        planned,
        suite.plan.checks[planned.name],
        tier=Tier.DATA,
        command=(program("redis-server"), str(suite.folder.etc / "redis" / config)),
        account=account_for("redis"),
    )


def _store(suite: Suite, planned: PlannedProcess) -> Process:
    of_backups = planned.name == "backup-store"
    folder = backup_folder(suite) if of_backups else suite.folder.data / "store"
    tls = suite.folder.pki / planned.name
    return Process(
        planned,
        suite.plan.checks[planned.name],
        tier=Tier.BACKUPS if of_backups else Tier.DATA,
        command=(
            *with_environment(suite, planned.name),
            program("rclone"),
            "serve",
            "s3",
            f"--addr={planned.address}:{planned.port}",
            f"--cert={tls}.crt",
            f"--key={tls}.key",
            "--vfs-cache-mode=off",
            # Another process of this suite never writes below it, so what it listed stays true.
            "--dir-cache-time=10m",
            "--config=",
            str(folder),
        ),
        account=account_for("store"),
        # The WAL of all writes passes that of the backups: as near as the primaries, not nearer.
        niceness=NICE_BEHIND_THE_DOOR if of_backups else 0,
    )


def _python(suite: Suite, planned: PlannedProcess) -> Process:
    if planned.service not in suite.plan.services:
        return _keeper(suite, planned)
    prefix = planned.service.upper()
    tier = Tier.GATEWAYS if planned.service == "gateway" else Tier.SERVICES
    return Process(
        planned,
        suite.plan.checks[planned.name],
        tier=tier,
        command=(
            *with_environment(suite, planned.service),
            sys.executable,
            "-m",
            "shared.launch",
            planned.module,
        ),
        account=account_for("service"),
        environment={
            f"{prefix}_INSTANCE": planned.name,
            f"{prefix}_LISTEN_HOST": planned.address,
        },
        stop_wait_s=int(suite.plan.limits.drain_seconds) + 20,
        niceness=_niceness(tier, planned.module),
    )


def _keeper(suite: Suite, planned: PlannedProcess) -> Process:
    return Process(
        planned,
        suite.plan.checks[planned.name],
        # Beside the workers, which take as long to start: nobody waits for it alone.
        tier=Tier.SERVICES,
        command=(sys.executable, "-m", planned.module),
        account=account_for("service"),
        environment={"RETRATO_RUN_DIR": str(suite.folder.root)},
        niceness=NICE_IN_THE_BACKGROUND,
    )


def _niceness(tier: Tier, module: str) -> int:
    if module.endswith(".worker"):
        return NICE_IN_THE_BACKGROUND
    return NICE_BEHIND_THE_DOOR if tier is Tier.SERVICES else 0


def _nginx(suite: Suite, planned: PlannedProcess) -> Process:
    return Process(
        planned,
        suite.plan.checks[planned.name],
        tier=Tier.BALANCERS,
        command=(
            sys.executable,
            "-m",
            "infra.control.nginx_start",
            str(suite.folder.etc / "nginx" / f"{planned.name}.conf"),
            program("nginx"),
            f"{planned.address}:{planned.port}",
        ),
        account=account_for("nginx_master"),
        stop_signal="QUIT",
    )


def with_environment(suite: Suite, name: str) -> tuple[str, ...]:
    """The shell reads an environment file and is then replaced by the program that follows."""
    return ("/bin/sh", "-ac", '. "$0"; exec "$@"', str(suite.folder.environment(name)))


_LOCAL: dict[Kind, Callable[[Suite, PlannedProcess], Process]] = {
    "dns": _dns,
    "postgres": _postgres,
    "redis": _redis,
    "store": _store,
    "service": _python,
    "nginx": _nginx,
}
