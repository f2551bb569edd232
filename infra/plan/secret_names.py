"""The secrets of a suite, and which of them each service has."""

from collections.abc import Iterator

from infra.plan.figures import ExternalGroup
from infra.plan.parts import PlannedService, Secret
from infra.topology import Topology

# The keys of external stores.
SECOND_BUCKET_KEYS = ("s3_second_access_key", "s3_second_secret_key")
BACKUP_BUCKET_KEYS = ("backup_access_key", "backup_secret_key")
STORE_KEYS = ("s3_access_key", "s3_secret_key")
# Secrets that balancers and services share.
BALANCER_SECRETS = ("balancer_token", "media_signing_key", "media_token")
# The token of operators and scrapers, with which every process shows its metrics.
FOR_OPERATORS = "operator_token"
# The passwords with which exporters read Postgres and Redis.
WATCH_POSTGRES, WATCH_REDIS = WATCH_SECRETS = ("watch_postgres", "watch_redis")
# The password at the server that takes alerts by e-mail.
WATCH_MAIL = "watch_mail"
# The password of the operators' page.
OPS_PASSWORD = "ops_password"  # noqa: S105 - its name
# The token with which Alertmanager asks for reactions.
FOR_AUTOMATION = "automation_token"
# The password of users at the server of mail, and the key of the codes in messages.
SMTP_PASSWORD, CODE_KEY = "smtp_password", "code_key"
# Suites of earlier versions lack these, and any command of an upgrade may make them: nothing stored
# depends on their values.
MADE_WHEN_MISSING = frozenset(
    {FOR_OPERATORS, OPS_PASSWORD, FOR_AUTOMATION, SMTP_PASSWORD, CODE_KEY, *WATCH_SECRETS}
)
# The passphrase of the backups, and the name of this suite's folder in their bucket.
BACKUP_SECRETS = ("backup_passphrase", "backup_suite")
# The passwords of etcd's administrator, of Patroni at etcd, and of operators at Patroni.
ETCD_ROOT, ETCD_PATRONI, PATRONI_REST = FAILOVER_SECRETS = (
    "etcd_root",
    "etcd_patroni",
    "patroni_rest",
)
_OWN = {
    "gateway": ("balancer_token", "media_signing_key"),
    "users": ("session_token_key", CODE_KEY),
    "upload": (*STORE_KEYS, "media_token"),
}


def secrets_of(topology: Topology) -> Iterator[Secret]:
    """Yield every secret of the suite."""
    yield Secret("postgres_superuser")
    yield Secret("postgres_replication")
    yield from _secrets_of_data(topology)
    yield from (Secret(f"internal_key_{service}") for service in topology.services)
    yield Secret("redis_operator")
    yield from (Secret(name, given=not topology.store.embedded) for name in STORE_KEYS)
    yield Secret("session_token_key")
    yield Secret(CODE_KEY)
    yield from _secrets_of_mail(topology)
    yield Secret(FOR_OPERATORS)
    yield from map(Secret, BALANCER_SECRETS)
    yield from map(Secret, BACKUP_SECRETS)
    if topology.failover is not None:
        yield from map(Secret, FAILOVER_SECRETS)
    if topology.watch is not None:
        yield from map(Secret, WATCH_SECRETS)
        yield Secret(OPS_PASSWORD)
        if topology.watch.mail.user:
            yield Secret(WATCH_MAIL, given=True)
    if topology.automation is not None:
        yield Secret(FOR_AUTOMATION)
    if not topology.backup.embedded:
        yield from (Secret(name, given=True) for name in BACKUP_BUCKET_KEYS)
    if topology.store.second is not None:
        yield from (Secret(name, given=True) for name in SECOND_BUCKET_KEYS)


def _secrets_of_data(topology: Topology) -> Iterator[Secret]:
    for name, group in topology.groups.items():
        yield from _secrets_of_group(name, group.external)
    for name, redis in topology.redises.items():
        is_given = redis.external is not None
        yield Secret(redis_password(name), given=is_given, needed=is_given)


def _secrets_of_group(name: str, external: ExternalGroup | None) -> Iterator[Secret]:
    """Yield a group's passwords; those of roles that exist elsewhere already are given.

    The processes' role is made with our password if the owner may make roles.
    """
    is_given = external is not None
    yield Secret(owner_password(name), given=is_given, needed=is_given)
    if external is None or external.has_two_roles:
        yield Secret(runtime_password(name), given=is_given)


def redis_password(service: str) -> str:
    """Return the name of the password of a service's Redis."""
    return f"redis_{service}"


def _secrets_of_mail(topology: Topology) -> Iterator[Secret]:
    if topology.mail.embedded or topology.mail.user:
        yield Secret(SMTP_PASSWORD, given=not topology.mail.embedded)


def owner_password(group: str) -> str:
    """Return the name of the password with which a group's databases are migrated."""
    return f"postgres_{group}"


def runtime_password(group: str) -> str:
    """Return the name of the password with which a group's processes log in."""
    return f"postgres_{group}_app"


def process_password(group: str, external: ExternalGroup | None) -> str:
    """Return the name of the password with which the processes of any group log in."""
    is_owner = external is not None and not external.has_two_roles
    return owner_password(group) if is_owner else runtime_password(group)


def secrets_of_service(topology: Topology, service: PlannedService) -> Iterator[str]:
    """Yield the names of the secrets of a service's processes."""
    yield from (f"internal_key_{name}" for name in sorted({service.name, *service.calls}))
    yield redis_password(service.name)
    yield FOR_OPERATORS
    if service.name in topology.groups:
        yield process_password(service.name, topology.groups[service.name].external)
    yield from _OWN.get(service.name, ())
    if service.name == "users":
        yield from (secret.name for secret in _secrets_of_mail(topology))
    second = topology.store.second
    if service.name == "upload" and second is not None and second.endpoint:
        yield from SECOND_BUCKET_KEYS


def secrets_of_archive(topology: Topology) -> tuple[str, ...]:
    """Return the names of the secrets that a process needs to write backups."""
    if not topology.backup.enabled:
        return ()
    own = () if topology.backup.embedded else BACKUP_BUCKET_KEYS
    return ("postgres_superuser", *BACKUP_SECRETS, *own)


def secrets_of_member(topology: Topology) -> tuple[str, ...]:
    """Return the names of the secrets of a Postgres server, which may have to lead."""
    archive = secrets_of_archive(topology)
    if topology.failover is None:
        return ("postgres_replication", *archive)
    # Patroni starts, promotes and rewinds its server as the superuser.
    own = ("postgres_replication", "postgres_superuser", ETCD_PATRONI, PATRONI_REST)
    return tuple(dict.fromkeys((*own, *archive)))
