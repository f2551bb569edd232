"""The plan's processes on one machine: commands, users and the order of their start."""

import os
import sys
from collections.abc import Callable

from infra.accounts import account_for
from infra.backups.place import backup_folder
from infra.code_place import FENCE, PATRONI_START, STORE_START, code_folder
from infra.leaders import leads
from infra.plan.parts import Kind, PlannedProcess
from infra.plan.watchers import POSTGRES_EXPORTER, REDIS_EXPORTER
from infra.process import Process, Tier
from infra.programs import postgres_program, program
from infra.run_folder import REPOSITORY
from infra.suite import Suite
from infra.watching.commands import watcher_command

# Processes that answer or refuse people have priority on the one machine, so that refusals are
# quick under any load. Processes that people wait for come next, and background work last.
NICE_BEHIND_THE_DOOR = 10
NICE_IN_THE_BACKGROUND = 15


# What each process that stays root may still do. nginx's master starts and ends workers of another
# account, and opens the supervisor's pipe. The keeper also writes and reads others' files.
_MASTERS_CAPABILITIES = (
    *("setuid", "setgid", "kill", "dac_override", "chown"),
    *("net_bind_service", "sys_resource"),  # for ports below 1024, and for many connections
)
_KEEPERS_CAPABILITIES = ("setuid", "setgid", "setpcap", "kill", "dac_override", "chown", "fowner")
# The caretaker has nginx try its files, for which that opens its ports.
_MORE_CAPABILITIES = {"caretaker": ("net_bind_service",)}

# Without these, the store computes the MD5 of an object when it is put, and again when it is read.
# Nobody uses it: TLS protects bytes on their way, and the key of a rendition holds its SHA-256.
# Clients of the backup store do compare it.
_WITHOUT_MD5 = ("--etag-hash=", "--no-checksum", "--ignore-checksum")


# Of the Python processes with an account of their own; all others are services.
_TIERS = {
    "gateway": Tier.GATEWAYS,
    "mail": Tier.WATCHERS,
    "ops": Tier.WATCHERS,
    "automation": Tier.WATCHERS,
}


def processes_of(suite: Suite) -> tuple[Process, ...]:
    """Return all processes of the plan in the order of their tiers."""
    processes = [_LOCAL[planned.kind](suite, planned) for planned in suite.plan.processes]
    return tuple(sorted(processes, key=lambda process: process.tier))


def _dns(suite: Suite, planned: PlannedProcess) -> Process:
    return Process(
        planned,
        suite.plan.checks[planned.name],
        tier=Tier.DATA,
        command=(program("pdns_server"), f"--config-dir={suite.folder.etc / 'dns'}"),
        account=account_for("dns"),
        directory=suite.folder.root,
    )


def _postgres(suite: Suite, planned: PlannedProcess) -> Process:
    node = suite.plan.member(planned.server)
    config = suite.folder.etc / "postgres" / node.name / "postgresql.conf"
    follows = not leads(node)
    if suite.plan.failover is not None:
        return _patroni(suite, planned)
    return Process(
        planned,
        suite.plan.checks[planned.name],
        tier=Tier.REPLICAS if follows else Tier.DATA,
        command=(postgres_program("postgres"), "-D", str(config.parent)),
        account=account_for("postgres"),
        directory=suite.folder.root,
        # libpq looks in HOME for certificates, and root's home is closed to others.
        environment={"HOME": str(suite.folder.data / "postgres")},
        # A fast shutdown ends sessions, rolls back transactions, and closes the WAL properly.
        stop_signal="INT",
        stop_wait_s=60,
        niceness=NICE_IN_THE_BACKGROUND if follows else NICE_BEHIND_THE_DOOR,
    )


def _patroni(suite: Suite, planned: PlannedProcess) -> Process:
    """Return the process of a Patroni, whose child is the Postgres server."""
    node = suite.plan.member(planned.server)
    return Process(
        planned,
        suite.plan.checks[planned.name],
        tier=Tier.DATA if leads(node) else Tier.REPLICAS,
        command=(
            str(suite.patroni_python),
            "-P",
            str(code_folder(suite.folder) / PATRONI_START),
            str(suite.folder.etc / "postgres" / node.name / "patroni.yml"),
        ),
        account=account_for("postgres"),
        directory=suite.folder.root,
        environment={"HOME": str(suite.folder.data / "postgres")},
        stop_wait_s=60,
        # A Patroni that waits for the processor loses its lease, and its server runs as it does.
    )


def _fence(suite: Suite, planned: PlannedProcess) -> Process:
    failover = suite.plan.failover
    if failover is None:
        raise ValueError(f"{planned.name} is drawn without failover")
    folders = suite.folder.data / "postgres"
    return Process(
        planned,
        suite.plan.checks[planned.name],
        # It stops before the servers that lead, and a server needs none before it leads.
        tier=Tier.REPLICAS,
        command=(
            sys.executable,
            "-P",
            str(code_folder(suite.folder) / FENCE),
            str(failover.silence_seconds),
            # Another member may be promoted once the lease is over.
            str(failover.lease_seconds),
            str(failover.loop_seconds),
            str(suite.ca_file),
            *(
                f"{member.address}:{member.rest_port}={folders / member.name}"
                for member in suite.plan.members_on(planned.host)
            ),
        ),
        account=account_for("fence"),
        directory=suite.folder.root,
    )


def _etcd(suite: Suite, planned: PlannedProcess) -> Process:
    return Process(
        planned,
        suite.plan.checks[planned.name],
        tier=Tier.BACKUPS,
        command=(
            program("etcd"),
            f"--config-file={suite.folder.etc / 'etcd' / f'{planned.name}.yml'}",
        ),
        account=account_for("etcd"),
        # It does little and seldom: on several processors its threads mostly wake one another.
        environment={"GOMAXPROCS": "1"},
        directory=suite.folder.root,
        data=suite.folder.etcd / planned.name,
        # The last one waits for a majority that has ended. All it knows is on disk already.
        stop_wait_s=3,
    )


def _redis(suite: Suite, planned: PlannedProcess) -> Process:
    config = f"{planned.server}.conf"
    return Process(
        planned,
        suite.plan.checks[planned.name],
        tier=Tier.DATA,
        command=(program("redis-server"), str(suite.folder.etc / "redis" / config)),
        account=account_for(planned.role),
        directory=suite.folder.root,
        data=suite.folder.data / "redis" / planned.server,
    )


def _store(suite: Suite, planned: PlannedProcess) -> Process:
    of_backups = planned.name == "backup-store"
    folder = backup_folder(suite) if of_backups else suite.folder.store
    tls = suite.folder.pki / planned.name
    return Process(
        planned,
        suite.plan.checks[planned.name],
        tier=Tier.BACKUPS if of_backups else Tier.DATA,
        command=(
            sys.executable,
            # Its folder is not searched for modules.
            "-P",
            str(code_folder(suite.folder) / STORE_START),
            f"{planned.address}:{planned.port}",
            *with_environment(suite, planned.name),
            program("rclone"),
            "serve",
            "s3",
            f"--addr={planned.address}:{planned.port}",
            f"--cert={tls}.crt",
            f"--key={tls}.key",
            "--vfs-cache-mode=off",
            # Nothing else writes below the folder while the store runs, so its listings stay valid.
            "--dir-cache-time=10m",
            *(() if of_backups else _WITHOUT_MD5),
            "--config=",
            str(folder),
        ),
        account=account_for(planned.role),
        directory=suite.folder.root,
        data=folder,
        # rclone looks for settings in HOME, and root's home is closed.
        environment={"HOME": str(suite.folder.root)},
        # The WAL of all writes goes to the backup store, so it has the primaries' priority.
        niceness=NICE_BEHIND_THE_DOOR if of_backups else 0,
    )


def _python(suite: Suite, planned: PlannedProcess) -> Process:
    tier = _TIERS.get(planned.service, Tier.SERVICES)
    if planned.service not in suite.plan.services and tier is not Tier.WATCHERS:
        return _of_the_suite(suite, planned)
    prefix = planned.service.upper()
    return Process(
        planned,
        suite.plan.checks[planned.name],
        tier=tier,
        command=(
            *with_environment(suite, planned.role),
            sys.executable,
            "-m",
            "shared.launch",
            planned.module,
        ),
        account=account_for(planned.role),
        readable=(account_for("store"),) if _flushes_the_store(suite, planned) else (),
        directory=code_folder(suite.folder),
        environment={
            "HOME": str(suite.folder.root),
            f"{prefix}_INSTANCE": planned.name,
            f"{prefix}_LISTEN_HOST": planned.address,
        },
        stop_wait_s=int(suite.plan.limits.drain_seconds) + 20,
        niceness=_niceness(tier, planned.module),
    )


def _flushes_the_store(suite: Suite, planned: PlannedProcess) -> bool:
    """Whether the process flushes objects to disk, for which it must read their files."""
    return planned.service == "upload" and suite.plan.store.embedded


def _of_the_suite(suite: Suite, planned: PlannedProcess) -> Process:
    """The keeper of backups or the caretaker: each has the rights of an operator's command."""
    return Process(
        planned,
        suite.plan.checks[planned.name],
        # They start with the workers, which take as long, so that nobody waits for them alone.
        tier=Tier.SERVICES,
        command=(sys.executable, "-m", planned.module),
        account=account_for(planned.role),
        directory=REPOSITORY,
        capabilities=(*_KEEPERS_CAPABILITIES, *_MORE_CAPABILITIES.get(planned.name, ())),
        # The caretaker renders files that name the decoder's interpreter.
        environment={
            "RETRATO_RUN_DIR": str(suite.folder.root),
            **{name: value for name, value in os.environ.items() if name == "RETRATO_VENV_DIR"},
        },
        niceness=NICE_IN_THE_BACKGROUND,
    )


def _niceness(tier: Tier, module: str) -> int:
    if module.endswith(".worker"):
        return NICE_IN_THE_BACKGROUND
    return NICE_BEHIND_THE_DOOR if tier in {Tier.SERVICES, Tier.WATCHERS} else 0


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
        account=account_for("nginx-master"),
        directory=REPOSITORY,
        capabilities=_MASTERS_CAPABILITIES,
        stop_signal="QUIT",
    )


def _watcher(suite: Suite, planned: PlannedProcess) -> Process:
    role = planned.role
    has_secrets = role in {POSTGRES_EXPORTER, REDIS_EXPORTER}
    return Process(
        planned,
        suite.plan.checks[planned.name],
        tier=Tier.WATCHERS,
        command=(
            *(with_environment(suite, role) if has_secrets else ()),
            *watcher_command(suite, planned),
        ),
        account=account_for(role),
        directory=suite.folder.root,
        data=suite.folder.data / role if planned.volumes else None,
        environment={"HOME": str(suite.folder.root)},
        # People wait for none of them.
        niceness=NICE_BEHIND_THE_DOOR,
    )


def with_environment(suite: Suite, name: str) -> tuple[str, ...]:
    """Return the start of a command that reads an environment file, then becomes the program."""
    return ("/bin/sh", "-ac", '. "$0"; exec "$@"', str(suite.folder.environment(name)))


_LOCAL: dict[Kind, Callable[[Suite, PlannedProcess], Process]] = {
    "dns": _dns,
    "postgres": _postgres,
    "redis": _redis,
    "store": _store,
    "service": _python,
    "nginx": _nginx,
    "etcd": _etcd,
    "fence": _fence,
    "watcher": _watcher,
}
