"""Renders a documented environment file per service, its only tie to this suite."""

import json
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from infra.accounts import account_for
from infra.certificates import KeyPair
from infra.code_version import code_version
from infra.plan.database_roles import runtime_role
from infra.plan.figures import SecondBucket
from infra.plan.parts import PlannedService
from infra.plan.secret_names import (
    FOR_OPERATORS,
    SECOND_BUCKET_KEYS,
    STORE_KEYS,
    owner_password,
    runtime_password,
)
from infra.rendering.files import make_folder, write_rendered
from infra.sizing import at_work_max
from infra.suite import Suite

_HEADING = """\
# The environment of the service "{name}": everything that it knows about its surroundings.
# Rendered by `make up` from infra/topology.toml; changes here are lost.
#
# To run it elsewhere, give the same variables other values: a Postgres group, a Redis, an S3 and
# a DNS that somebody else operates. Each process has two variables of its own:
#   {prefix}INSTANCE=…     its name in logs and metrics, such as {name}-1; else the machine's name
#   {prefix}LISTEN_HOST=…  the address on which it listens; else all addresses of the machine
# A value may be in a file instead: {prefix}REDIS_URL_FILE=… names the file of one value, and
# {prefix}SECRETS_DIR=… a folder of such files with names in small letters, such as redis_url.
# A POSIX shell and systemd's EnvironmentFile= can both read this file.
"""
_MIGRATION_HEADING = """\
# The environment of `python -m services.{name}.migrate`, rendered by `make up`. The login owns the
# databases. POSTGRES_RUNTIME_ROLE is the role that is given the rights of processes.
"""


@dataclass(frozen=True, slots=True)
class Variable:
    """One line: the name without the service's prefix, the value, and its meaning."""

    name: str
    value: str
    meaning: str


def render_environments(suite: Suite) -> list[str]:
    """Write one file per role of services and stores, and one per migration job.

    Returns the names of those whose file changed.
    """
    texts = {}
    for name, service in suite.plan.services.items():
        pair = _certificate(suite, service, name, service.replicas)
        texts[name] = _text(suite, service, name, pair)
        if service.workers:
            role = f"{name}-worker"
            pair = _certificate(suite, service, role, service.workers)
            texts[role] = _text(suite, service, role, pair)
    if suite.plan.store.embedded:
        texts["store"] = _store_text(suite)
    changed = [
        role
        for role, text in texts.items()
        if write_rendered(suite.folder.environment(role), text, account_for(role))
    ]
    # Only an operator's commands migrate.
    operator = account_for("supervisor")
    for job in suite.plan.jobs:
        text = _migration_text(suite, job.service)
        write_rendered(suite.folder.environment(job.name), text, operator)
    return changed


def _certificate(
    suite: Suite, service: PlannedService, role: str, addresses: tuple[str, ...]
) -> KeyPair:
    pair = suite.authority.server_pair(role, (service.host, *addresses))
    account_for(role).own(pair.key, 0o600)
    return pair


def _text(suite: Suite, service: PlannedService, role: str, pair: KeyPair) -> str:
    prefix = f"{service.name.upper()}_"
    lines = [_HEADING.format(name=service.name, prefix=prefix)]
    lines += [
        f"\n# {variable.meaning}\n{prefix}{variable.name}={shlex.quote(variable.value)}\n"
        for variable in (*_variables(suite, service, pair), *_traces(suite, role))
    ]
    return "".join(lines)


def _traces(suite: Suite, role: str) -> Iterator[Variable]:
    tracing = suite.plan.limits.tracing
    folder = make_folder(suite.folder.traces / role, account_for(role))
    yield Variable("TRACE_SHARE", str(tracing.share), "The share of requests that leave a trace.")
    yield Variable("TRACE_SLOW_MS", str(tracing.slow_ms), "A slower request always leaves one.")
    if tracing.endpoint:
        yield Variable("TRACE_ENDPOINT", tracing.endpoint, "Where traces go, by OTLP over HTTP.")
    else:
        yield Variable("TRACE_FOLDER", str(folder), "The folder of files with traces.")
        yield Variable("TRACE_FILE_BYTES_MAX", str(tracing.file_bytes_max), "Their size at most.")
    yield Variable(
        "SLOW_STATEMENT_MS",
        str(tracing.slow_statement_ms),
        "A slower statement has a line in the log.",
    )


def _migration_text(suite: Suite, group: str) -> str:
    dns = suite.plan.dns
    variables = {
        "SHARD_MAP_FILE": str(suite.folder.shard_map(group)),
        "POSTGRES_USER": group,
        "POSTGRES_PASSWORD": suite.secrets[owner_password(group)],
        "POSTGRES_DATABASE": group,
        "POSTGRES_RUNTIME_ROLE": runtime_role(group),
        "TLS_CA_FILE": str(suite.ca_file),
        "DNS_SERVERS": f"{dns.address}:{dns.port}",
    }
    lines = [_MIGRATION_HEADING.format(name=group)]
    lines += [f"{group.upper()}_{name}={shlex.quote(value)}\n" for name, value in variables.items()]
    return "".join(lines)


def _store_text(suite: Suite) -> str:
    pairs = zip(*(suite.secrets.accepted(name) for name in STORE_KEYS), strict=True)
    # A line of CSV, whose fields contain commas. Their order means nothing.
    value = shlex.quote(",".join(sorted(f'"{access},{secret}"' for access, secret in pairs)))
    return f"# Who may use the embedded object store.\nRCLONE_AUTH_KEY={value}\n"


def _variables(suite: Suite, service: PlannedService, pair: KeyPair) -> Iterator[Variable]:
    yield from _process(suite, service, pair)
    for called in service.calls:
        other = suite.plan.services[called]
        yield Variable(
            f"{called.upper()}_URL",
            f"https://{other.host}:{other.port}",
            f"The URL of {called}; the name resolves to all its replicas.",
        )
    if service.name in suite.plan.groups:
        yield from _shards(suite, service)
    yield _redis(suite, service)
    yield from _OWN.get(service.name, _nothing)(suite)


def _process(suite: Suite, service: PlannedService, pair: KeyPair) -> Iterator[Variable]:
    limits = suite.plan.limits
    dns = suite.plan.dns
    keys = suite.secrets.internal_keys(tuple(sorted({service.name, *service.calls})))
    yield Variable("LISTEN_PORT", str(service.port), "The port, the same for all replicas.")
    yield Variable("TLS_CERT_FILE", str(pair.certificate), "Its certificate, for the names above.")
    yield Variable("TLS_KEY_FILE", str(pair.key), "The key of the certificate.")
    yield Variable(
        "TLS_CA_FILE",
        str(suite.ca_file),
        "The CA that it trusts when it calls others; absent: the operating system's CAs.",
    )
    yield Variable(
        "DNS_SERVERS",
        f"{dns.address}:{dns.port}",
        "Name servers as address:port, comma separated; empty: the operating system's resolver.",
    )
    yield Variable(
        "INTERNAL_KEYS",
        json.dumps(keys),
        "Keys of internal tokens by audience: its own to verify callers, others' to call them.",
    )
    yield from _others(suite, f"internal_key_{service.name}", "INTERNAL_KEY")
    yield Variable(
        "OPERATOR_TOKEN",
        suite.secrets[FOR_OPERATORS],
        "The bearer token of operators and scrapers, for /metrics and the service's documents.",
    )
    yield from _others(suite, FOR_OPERATORS, "OPERATOR_TOKEN")
    yield Variable("LOG_LEVEL", limits.log_level, "DEBUG, INFO, WARNING or ERROR.")
    code = code_version()
    yield Variable("VERSION", code.version, "The version of the code, for retrato_build_info.")
    yield Variable("REVISION", code.revision, "The commit of the code, for retrato_build_info.")
    if service.name in suite.plan.groups:
        # That of a gateway follows from the number of all processes, and so is in the live file.
        yield Variable(
            "AT_WORK_MAX",
            str(at_work_max(suite.plan, service.name)),
            "The most requests that it handles at once; others wait.",
        )
    yield Variable(
        "LIVE_FILE",
        str(suite.folder.live_file),
        "The JSON file of values that change while it runs, read every second; absent: none.",
    )
    yield Variable(
        "WAIT_MS_MAX",
        str(limits.wait_ms_max),
        "A request that would take longer, including its wait, is refused at once.",
    )
    yield Variable(
        "DRAIN_SECONDS",
        str(limits.drain_seconds),
        "How long it reports that it is draining before it stops; above DNS check plus TTL.",
    )


def _others(suite: Suite, secret: str, variable: str) -> Iterator[Variable]:
    if others := suite.secrets.others(secret):
        yield Variable(
            f"{variable}_OTHERS", ",".join(others), "Values that count too, while it is replaced."
        )


def _shards(suite: Suite, service: PlannedService) -> Iterator[Variable]:
    name = service.name
    limits = suite.plan.limits
    yield Variable(
        "SHARD_MAP_FILE",
        str(suite.folder.shard_map(name)),
        "The JSON file with the place of each shard; read again when it changes.",
    )
    yield Variable(
        "POSTGRES_USER",
        suite.secrets.login_of(name),
        "The role that reads and writes rows; only the migration's role changes tables.",
    )
    yield Variable("POSTGRES_PASSWORD", suite.secrets[runtime_password(name)], "Its password.")
    yield Variable("POSTGRES_DATABASE", name, "The database, of the same name on every primary.")
    yield Variable(
        "POSTGRES_POOL_MAX",
        str(limits.postgres_pool_max),
        "The most connections of one process to one server.",
    )


def _redis(suite: Suite, service: PlannedService) -> Variable:
    redis = suite.plan.redises[service.name]
    password = suite.secrets[f"redis_{redis.name}"]
    return Variable(
        "REDIS_URL",
        f"rediss://{redis.name}:{password}@{redis.host}:{redis.port}/0",
        "Its Redis; rediss is TLS with the name verified.",
    )


def _users(suite: Suite) -> Iterator[Variable]:
    yield Variable(
        "TOKEN_KEY",
        suite.secrets["session_token_key"],
        "The key of session tokens; without the former one, a new one signs everybody out.",
    )
    yield from _others(suite, "session_token_key", "TOKEN_KEY")


def _upload(suite: Suite) -> Iterator[Variable]:
    store, balancers = suite.plan.store, suite.plan.internal_name("nginx")
    yield Variable("S3_ENDPOINT_URL", store.endpoint, "The object store, which may be any S3.")
    yield Variable("S3_BUCKET", store.bucket, "Its bucket, private, which must exist.")
    yield Variable("S3_REGION", store.region, "The region for which requests are signed.")
    yield Variable("S3_ACCESS_KEY", suite.secrets["s3_access_key"], "The access key.")
    yield Variable("S3_SECRET_KEY", suite.secrets["s3_secret_key"], "The secret key.")
    if store.second is not None:
        yield from _second_bucket(suite, store.second)
    if store.embedded:
        yield Variable(
            "S3_CA_FILE",
            str(suite.ca_file),
            "The CA of the store's certificate; absent: the operating system's CAs.",
        )
        yield Variable(
            "S3_FOLDER",
            str(suite.folder.store),
            "The folder of buckets, to flush what the store only acknowledged; absent: it flushes.",
        )
    yield Variable(
        "MEDIA_TOKEN",
        suite.secrets["media_token"],
        "The token that nginx sends when it fetches a rendition that it has not cached.",
    )
    yield from _others(suite, "media_token", "MEDIA_TOKEN")
    yield Variable(
        "MEDIA_CACHES_URL",
        f"https://{balancers.host}:{balancers.port}",
        "The balancers' name, for notices of deleted renditions; absent: no notices.",
    )
    yield Variable(
        "DECODER_PYTHON",
        str(suite.decoder_python),
        "The Python interpreter that decodes uploaded pictures, in its own environment.",
    )
    yield Variable(
        "RENDITIONS_WEBP",
        str(suite.plan.limits.renditions_webp).lower(),
        "Whether new photos have WebP renditions after their JPEGs.",
    )


def _second_bucket(suite: Suite, second: SecondBucket) -> Iterator[Variable]:
    yield Variable(
        "S3_SECOND_BUCKET",
        second.bucket,
        "The bucket for reads and deletes of objects that the first lacks.",
    )
    if second.region:
        yield Variable("S3_SECOND_REGION", second.region, "Its region.")
    if second.endpoint:
        yield Variable("S3_SECOND_ENDPOINT_URL", second.endpoint, "Its store.")
        access_key, secret_key = (suite.secrets[name] for name in SECOND_BUCKET_KEYS)
        yield Variable("S3_SECOND_ACCESS_KEY", access_key, "Its access key.")
        yield Variable("S3_SECOND_SECRET_KEY", secret_key, "Its secret key.")


def _gateway(suite: Suite) -> Iterator[Variable]:
    yield Variable(
        "BALANCER_TOKEN",
        suite.secrets["balancer_token"],
        "The token that balancers send; only with it is the client's address trusted.",
    )
    yield from _others(suite, "balancer_token", "BALANCER_TOKEN")
    yield Variable(
        "MEDIA_SIGNING_KEY",
        suite.secrets["media_signing_key"],
        "The key that signs the URLs of photos; nginx checks them with the same key.",
    )
    yield Variable(
        "MEDIA_BASE_URL", suite.plan.public_url, "The URL of nginx for clients, without a slash."
    )
    yield Variable(
        "CORS_ORIGINS",
        json.dumps(list(suite.plan.nginx.cors_origins)),
        "Origins whose pages may use the API from a browser, as JSON.",
    )
    yield Variable(
        "MEDIA_URL_SECONDS",
        str(suite.plan.limits.media_url_seconds),
        "The longest life of such a URL; at least half of it is left in a reply.",
    )
    yield Variable(
        "LIMITS_FACTOR",
        str(suite.limits_factor),
        "The factor of every caller's limits: 1 for phones, more for load and tests.",
    )


def _feed(suite: Suite) -> Iterator[Variable]:
    yield Variable(
        "CELEBRITY_FOLLOWERS_MIN",
        str(suite.plan.limits.celebrity_followers_min),
        "Posts of authors with this many followers are merged at each read, and not pushed.",
    )


def _nothing(_suite: Suite) -> Iterator[Variable]:
    yield from ()


_OWN = {"users": _users, "upload": _upload, "feed": _feed, "gateway": _gateway}
