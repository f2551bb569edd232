"""Every process of the suite: what it is called, what it runs, and which comes up before which."""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum
from pathlib import Path

from infra.accounts import Account, account_for
from infra.backups.place import backup_folder
from infra.programs import postgres_program, program
from infra.suite import Suite
from infra.topology import PostgresNode, Service

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
    """One process under the supervisor; `kind` decides how it is asked for its health."""

    name: str
    kind: str
    tier: Tier
    address: str
    port: int
    command: tuple[str, ...]
    account: Account
    environment: Mapping[str, str] = field(default_factory=dict)
    stop_signal: str = "TERM"
    stop_wait_s: int = 20
    service: str = ""  # the service that `make restart S=` and `make logs S=` know it by
    niceness: int = 0  # how far it gives way to others where all share a few cores

    @property
    def endpoint(self) -> str:
        """Address and port, as people write them."""
        return f"{self.address}:{self.port}"


def processes_of(suite: Suite) -> tuple[Process, ...]:
    """All processes in the order of their tiers."""
    return tuple(
        sorted(
            [
                _dns(suite),
                *(_postgres(suite, node) for node in suite.topology.postgres_nodes),
                *_redises(suite),
                *_stores(suite),
                *_backups(suite),
                *(
                    process
                    for service in suite.topology.services.values()
                    for process in _service(suite, service)
                ),
                *_balancers(suite),
            ],
            key=lambda process: process.tier,
        )
    )


def _dns(suite: Suite) -> Process:
    return Process(
        name="dns",
        kind="dns",
        tier=Tier.DATA,
        address=suite.topology.dns.address,
        port=suite.topology.dns.port,
        command=(program("pdns_server"), f"--config-dir={suite.folder.etc / 'dns'}"),
        account=account_for("dns"),
        service="dns",
    )


def _postgres(suite: Suite, node: PostgresNode) -> Process:
    config = suite.folder.etc / "postgres" / node.name / "postgresql.conf"
    return Process(
        name=f"postgres-{node.name}",
        kind="postgres",
        tier=Tier.REPLICAS if node.primary else Tier.DATA,
        address=node.address,
        port=suite.topology.limits.postgres_port,
        command=(postgres_program("postgres"), "-D", str(config.parent)),
        account=account_for("postgres"),
        # HOME, because libpq looks there for certificates and root's own is closed to others.
        environment={"HOME": str(suite.folder.data / "postgres")},
        # "Fast": sessions are ended, transactions rolled back, and the WAL is closed properly.
        stop_signal="INT",
        stop_wait_s=60,
        service="postgres",
        niceness=NICE_IN_THE_BACKGROUND if node.primary else NICE_BEHIND_THE_DOOR,
    )


def _redises(suite: Suite) -> Iterator[Process]:
    for redis in suite.topology.redises.values():
        yield Process(
            name=f"redis-{redis.name}",
            kind="redis",
            tier=Tier.DATA,
            address=redis.address,
            port=suite.topology.limits.redis_port,
            command=(
                program("redis-server"),
                str(suite.folder.etc / "redis" / f"{redis.name}.conf"),
            ),
            account=account_for("redis"),
            service="redis",
        )


def _stores(suite: Suite) -> Iterator[Process]:
    store = suite.topology.store
    if not store.embedded:
        return
    yield _rclone_store(suite, "store", store.address, store.port, suite.folder.data / "store")


def _rclone_store(suite: Suite, name: str, address: str, port: int, folder: Path) -> Process:
    tls = suite.folder.pki / name
    return Process(
        name=name,
        kind="store",
        tier=Tier.DATA,
        address=address,
        port=port,
        command=(
            *with_environment(suite, name),
            program("rclone"),
            "serve",
            "s3",
            f"--addr={address}:{port}",
            f"--cert={tls}.crt",
            f"--key={tls}.key",
            "--vfs-cache-mode=off",
            # Another process of this suite never writes below it, so what it listed stays true.
            "--dir-cache-time=10m",
            "--config=",
            str(folder),
        ),
        account=account_for("store"),
        service=name,
    )


def _backups(suite: Suite) -> Iterator[Process]:
    """The store that backups go to, and the keeper that takes them."""
    backup = suite.topology.backup
    if not backup.enabled:
        return
    if backup.embedded:
        store = _rclone_store(
            suite, "backup-store", backup.address, backup.port, backup_folder(suite)
        )
        # The WAL of all writes passes it: as near as the primaries, and no nearer.
        yield replace(store, tier=Tier.BACKUPS, niceness=NICE_BEHIND_THE_DOOR)
    yield Process(
        name="backup-keeper",
        kind="service",
        # Beside the workers, which take as long to start: nobody waits for it alone.
        tier=Tier.SERVICES,
        address=backup.keeper,
        port=suite.topology.limits.service_port,
        command=(sys.executable, "-m", "infra.backups.keeper"),
        account=account_for("service"),
        environment={"RETRATO_RUN_DIR": str(suite.folder.root)},
        service="backup-keeper",
        niceness=NICE_IN_THE_BACKGROUND,
    )


def _service(suite: Suite, service: Service) -> Iterator[Process]:
    tier = Tier.GATEWAYS if service.name == "gateway" else Tier.SERVICES
    for number, address in enumerate(service.replicas, 1):
        yield _python_process(suite, service, f"{service.name}-{number}", address, tier)
    for number, address in enumerate(service.workers, 1):
        yield _python_process(suite, service, f"{service.name}-worker-{number}", address, tier)


def _python_process(suite: Suite, service: Service, name: str, address: str, tier: Tier) -> Process:
    module = "worker" if "-worker-" in name else "app"
    prefix = service.name.upper()
    return Process(
        name=name,
        kind="service",
        tier=tier,
        address=address,
        port=suite.topology.limits.service_port,
        command=(
            *with_environment(suite, service.name),
            sys.executable,
            "-m",
            "shared.launch",
            f"services.{service.name}.{module}",
        ),
        account=account_for("service"),
        environment={f"{prefix}_INSTANCE": name, f"{prefix}_LISTEN_HOST": address},
        stop_wait_s=int(suite.topology.limits.drain_seconds) + 20,
        service=service.name,
        niceness=_niceness(tier, module),
    )


def _niceness(tier: Tier, module: str) -> int:
    if module == "worker":
        return NICE_IN_THE_BACKGROUND
    return NICE_BEHIND_THE_DOOR if tier is Tier.SERVICES else 0


def with_environment(suite: Suite, name: str) -> tuple[str, ...]:
    """The shell reads an environment file and is then replaced by the program that follows."""
    return ("/bin/sh", "-ac", '. "$0"; exec "$@"', str(suite.folder.environment(name)))


def _balancers(suite: Suite) -> Iterator[Process]:
    for number, address in enumerate(suite.topology.nginx.replicas, 1):
        name = f"nginx-{number}"
        config = suite.folder.etc / "nginx" / f"{name}.conf"
        nginx = suite.topology.nginx
        places = [f"{address}:{nginx.port}"]
        yield Process(
            name=name,
            kind="nginx",
            tier=Tier.BALANCERS,
            address=address,
            port=suite.topology.nginx.port,
            command=(
                sys.executable,
                "-m",
                "infra.control.nginx_start",
                str(config),
                program("nginx"),
                *places,
            ),
            account=account_for("nginx_master"),
            stop_signal="QUIT",
            service="nginx",
        )
