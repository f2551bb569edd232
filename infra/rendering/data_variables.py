"""The variables about Postgres and Redis: of a service, and of its migrations."""

from collections.abc import Iterator
from urllib.parse import quote

from infra.plan.database_roles import runtime_role
from infra.plan.parts import Plan, ShardGroup
from infra.plan.secret_names import owner_password, process_password, redis_password
from infra.rendering.places import Places, Secrets, Variable


def redis_url(plan: Plan, name: str, secrets: Secrets) -> str:
    """Return the URL of a service's Redis under its internal name."""
    redis = plan.redises[name]
    user, database = name, 0
    if redis.external is not None:
        user, database = redis.external.user, redis.external.database
    password = quote(secrets[redis_password(name)], safe="")
    return f"rediss://{user}:{password}@{redis.host}:{redis.port}/{database}"


def migration_variables(plan: Plan, name: str, places: Places) -> tuple[Variable, ...]:
    """Return the variables of `python -m services.NAME.migrate`."""
    group = plan.groups[name]
    return (
        Variable("SHARD_MAP_FILE", places.shard_map(name), "The place of each shard."),
        Variable("POSTGRES_USER", group.owner, "The role that owns the databases."),
        Variable(
            "POSTGRES_PASSWORD",
            places.secrets[owner_password(name)],
            "Its password.",
            is_secret=True,
        ),
        Variable(
            "POSTGRES_DATABASE",
            group.database_name,
            "The database, of the same name on every primary.",
        ),
        *_databases_authority(group, places),
        Variable("POSTGRES_RUNTIME_ROLE", granted_role(group), "The role with processes' rights."),
        Variable("TLS_CA_FILE", places.ca_file, "The CA that it trusts."),
        Variable("DNS_SERVERS", places.dns_servers, "Name servers as address:port."),
        Variable("DNS_ZONE", places.dns_zone, "The only zone that they know; empty: all names."),
    )


def granted_role(group: ShardGroup) -> str:
    """Return the role that is given processes' rights; "" if they log in as the owner."""
    external = group.external
    return runtime_role(group.name) if external is None or external.has_two_roles else ""


def _databases_authority(group: ShardGroup, places: Places) -> Iterator[Variable]:
    if not group.is_ours:
        yield Variable(
            "POSTGRES_CA_FILE",
            places.other_authority(f"postgres-{group.name}"),
            "The CA of its databases, which somebody else runs.",
        )


def shard_variables(plan: Plan, name: str, places: Places) -> Iterator[Variable]:
    """Yield the variables of a service about its databases."""
    yield Variable(
        "SHARD_MAP_FILE",
        places.shard_map(name),
        "The JSON file with the place of each shard; read again when it changes.",
    )
    group = plan.groups[name]
    external = group.external
    yield Variable(
        "POSTGRES_USER",
        external.login if external else places.secrets.login_of(name),
        "The role that reads and writes rows; only the migration's role changes tables.",
    )
    yield Variable(
        "POSTGRES_PASSWORD",
        places.secrets[process_password(name, external)],
        "Its password.",
        is_secret=True,
    )
    yield Variable(
        "POSTGRES_DATABASE", group.database_name, "The database, of the same name on every primary."
    )
    yield from _databases_authority(group, places)
    yield Variable(
        "POSTGRES_POOL_MAX",
        str(plan.limits.postgres_pool_max),
        "The most connections of one process to one server.",
    )


def redis_variables(plan: Plan, name: str, places: Places) -> Iterator[Variable]:
    """Yield the variables of a service about its Redis."""
    yield Variable(
        "REDIS_URL",
        places.redis_url(name),
        "Its Redis; rediss is TLS with the name verified.",
        is_secret=True,
    )
    if not plan.redises[name].is_ours:
        yield Variable(
            "REDIS_CA_FILE",
            places.other_authority(f"redis-{name}"),
            "The CA of its Redis, which somebody else runs.",
        )
