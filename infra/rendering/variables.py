"""The variables of a service, the same on every target.

A target says where things are (`Places`). What a service needs to know, and in which words, is said
here once, and in `data_variables` for what concerns its databases and its Redis.
"""

import json
from collections.abc import Callable, Iterator

from infra.plan.figures import SecondBucket
from infra.plan.parts import Plan
from infra.plan.secret_names import CODE_KEY, FOR_OPERATORS, SECOND_BUCKET_KEYS
from infra.rendering.data_variables import redis_variables, shard_variables
from infra.rendering.mail_variables import mail_variables
from infra.rendering.places import Places, Secrets, Variable
from infra.sizing import at_work_max


def service_variables(plan: Plan, service: str, role: str, places: Places) -> tuple[Variable, ...]:
    """Return the variables of a service's processes with this role, such as `feed-worker`.

    Each process has two of its own besides, INSTANCE and LISTEN_HOST.
    """
    return (*_variables(plan, service, role, places), *_traces(plan, role, places))


def _traces(plan: Plan, role: str, places: Places) -> Iterator[Variable]:
    tracing = plan.limits.tracing
    yield Variable("TRACE_SHARE", str(tracing.share), "The share of requests that leave a trace.")
    yield Variable("TRACE_SLOW_MS", str(tracing.slow_ms), "A slower request always leaves one.")
    if tracing.endpoint:
        yield Variable("TRACE_ENDPOINT", tracing.endpoint, "Where traces go, by OTLP over HTTP.")
    else:
        yield Variable("TRACE_FOLDER", places.traces(role), "The folder of files with traces.")
        yield Variable("TRACE_FILE_BYTES_MAX", str(tracing.file_bytes_max), "Their size at most.")
    yield Variable(
        "SLOW_STATEMENT_MS",
        str(tracing.slow_statement_ms),
        "A slower statement has a line in the log.",
    )


def _variables(plan: Plan, service: str, role: str, places: Places) -> Iterator[Variable]:
    yield from _process(plan, service, role, places)
    yield from _limits(plan, service, places)
    for called in plan.services[service].calls:
        yield Variable(
            f"{called.upper()}_URL",
            places.url(called),
            f"The URL of {called}; the name resolves to all its replicas.",
        )
    if service in plan.groups:
        yield from shard_variables(plan, service, places)
    yield from redis_variables(plan, service, places)
    yield from _OWN.get(service, _nothing)(plan, places)


def _process(plan: Plan, service: str, role: str, places: Places) -> Iterator[Variable]:
    planned = plan.services[service]
    certificate, key = places.certificate(role)
    keys = places.secrets.internal_keys(tuple(sorted({service, *planned.calls})))
    yield Variable(
        "LISTEN_PORT", str(planned.port_of(role)), "The port, the same for all replicas."
    )
    yield Variable("TLS_CERT_FILE", certificate, "Its certificate, for the names above.")
    yield Variable("TLS_KEY_FILE", key, "The key of the certificate.")
    yield Variable(
        "TLS_CA_FILE",
        places.ca_file,
        "The CA that it trusts when it calls others; absent: the operating system's CAs.",
    )
    yield Variable(
        "DNS_SERVERS",
        places.dns_servers,
        "Name servers as address:port, comma separated; empty: the operating system's resolver.",
    )
    yield Variable(
        "DNS_ZONE",
        places.dns_zone,
        "The only zone that those servers know; empty: they know every name.",
    )
    yield Variable(
        "INTERNAL_KEYS",
        json.dumps(keys),
        "Keys of internal tokens by audience: its own to verify callers, others' to call them.",
        is_secret=True,
    )
    yield from _others(places, f"internal_key_{service}", "INTERNAL_KEY")
    yield Variable(
        "OPERATOR_TOKEN",
        places.secrets[FOR_OPERATORS],
        "The bearer token of operators and scrapers, for /metrics and the service's documents.",
        is_secret=True,
    )
    yield from _others(places, FOR_OPERATORS, "OPERATOR_TOKEN")
    yield Variable("REVISION", places.revision, "The commit of the code, for retrato_build_info.")


def _limits(plan: Plan, service: str, places: Places) -> Iterator[Variable]:
    limits = plan.limits
    yield Variable("LOG_LEVEL", limits.log_level, "DEBUG, INFO, WARNING or ERROR.")
    if service in plan.groups:
        # That of a gateway follows from the number of all processes, and so is in the live file.
        yield Variable(
            "AT_WORK_MAX",
            str(at_work_max(plan, service)),
            "The most requests that it handles at once; others wait.",
        )
    yield Variable(
        "LIVE_FILE",
        places.live_file,
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


def _others(places: Places, secret: str, variable: str) -> Iterator[Variable]:
    if others := places.secrets.others(secret):
        yield Variable(
            f"{variable}_OTHERS",
            ",".join(others),
            "Values that count too, while it is replaced.",
            is_secret=True,
        )


def _users(plan: Plan, places: Places) -> Iterator[Variable]:
    yield Variable(
        "TOKEN_KEY",
        places.secrets["session_token_key"],
        "The key of session tokens; without the former one, a new one signs everybody out.",
        is_secret=True,
    )
    yield from _others(places, "session_token_key", "TOKEN_KEY")
    yield Variable(
        "CODE_KEY",
        places.secrets[CODE_KEY],
        "The key of the codes and links in messages; codes of other keys are refused.",
        is_secret=True,
    )
    yield from _others(places, CODE_KEY, "CODE_KEY")
    yield from mail_variables(plan, places)


def _upload(plan: Plan, places: Places) -> Iterator[Variable]:
    yield from _store(plan, places)
    yield Variable(
        "MEDIA_TOKEN",
        places.secrets["media_token"],
        "The token that nginx sends when it fetches a rendition that it has not cached.",
        is_secret=True,
    )
    yield from _others(places, "media_token", "MEDIA_TOKEN")
    yield Variable(
        "MEDIA_CACHES_URL",
        places.media_caches_url,
        "The balancers' name, for notices of deleted renditions; absent: no notices.",
    )
    yield Variable(
        "DECODER_PYTHON",
        places.decoder_python,
        "The Python interpreter that decodes uploaded pictures, in its own environment.",
    )
    yield Variable(
        "RENDITIONS_WEBP",
        str(plan.limits.renditions_webp).lower(),
        "Whether new photos have WebP renditions after their JPEGs.",
    )


def _store(plan: Plan, places: Places) -> Iterator[Variable]:
    store, secrets = plan.store, places.secrets
    yield Variable("S3_ENDPOINT_URL", store.endpoint, "The object store, which may be any S3.")
    yield Variable("S3_BUCKET", store.bucket, "Its bucket, private, which must exist.")
    yield Variable("S3_REGION", store.region, "The region for which requests are signed.")
    yield Variable("S3_ACCESS_KEY", secrets["s3_access_key"], "The access key.", is_secret=True)
    yield Variable("S3_SECRET_KEY", secrets["s3_secret_key"], "The secret key.", is_secret=True)
    if store.second is not None:
        yield from _second_bucket(store.second, secrets)
    if store.embedded:
        yield Variable(
            "S3_CA_FILE",
            places.ca_file,
            "The CA of the store's certificate; absent: the operating system's CAs.",
        )
    if store.embedded and places.store_folder:
        yield Variable(
            "S3_FOLDER",
            places.store_folder,
            "The folder of buckets, to flush what the store only acknowledged; absent: it flushes.",
        )


def _second_bucket(second: SecondBucket, secrets: Secrets) -> Iterator[Variable]:
    yield Variable(
        "S3_SECOND_BUCKET",
        second.bucket,
        "The bucket for reads and deletes of objects that the first lacks.",
    )
    if second.region:
        yield Variable("S3_SECOND_REGION", second.region, "Its region.")
    if second.endpoint:
        yield Variable("S3_SECOND_ENDPOINT_URL", second.endpoint, "Its store.")
        access_key, secret_key = (secrets[name] for name in SECOND_BUCKET_KEYS)
        yield Variable("S3_SECOND_ACCESS_KEY", access_key, "Its access key.", is_secret=True)
        yield Variable("S3_SECOND_SECRET_KEY", secret_key, "Its secret key.", is_secret=True)


def _gateway(plan: Plan, places: Places) -> Iterator[Variable]:
    yield Variable(
        "BALANCER_TOKEN",
        places.secrets["balancer_token"],
        "The token that balancers send; only with it is the client's address trusted.",
        is_secret=True,
    )
    yield from _others(places, "balancer_token", "BALANCER_TOKEN")
    yield Variable(
        "MEDIA_SIGNING_KEY",
        places.secrets["media_signing_key"],
        "The key that signs the URLs of photos; nginx checks them with the same key.",
        is_secret=True,
    )
    yield Variable(
        "MEDIA_BASE_URL", places.public_url, "The URL of nginx for clients, without a slash."
    )
    yield Variable(
        "CORS_ORIGINS",
        json.dumps(list(plan.nginx.cors_origins)),
        "Origins whose pages may use the API from a browser, as JSON.",
    )
    yield Variable(
        "MEDIA_URL_SECONDS",
        str(plan.limits.media_url_seconds),
        "The longest life of such a URL; at least half of it is left in a reply.",
    )
    yield Variable(
        "LIMITS_FACTOR",
        str(places.limits_factor),
        "The factor of every caller's limits: 1 for phones, more for load and tests.",
    )


def _feed(plan: Plan, _places: Places) -> Iterator[Variable]:
    yield Variable(
        "CELEBRITY_FOLLOWERS_MIN",
        str(plan.limits.celebrity_followers_min),
        "Posts of authors with this many followers are merged at each read, and not pushed.",
    )


def _nothing(_plan: Plan, _places: Places) -> Iterator[Variable]:
    yield from ()


_OWN: dict[str, Callable[[Plan, Places], Iterator[Variable]]] = {
    "users": _users,
    "upload": _upload,
    "feed": _feed,
    "gateway": _gateway,
}
