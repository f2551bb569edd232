"""Renders a documented environment file per service, its only tie to this suite."""

import shlex
from functools import partial

from infra.accounts import account_for
from infra.code_version import code_version
from infra.elsewhere.authorities import authority_file
from infra.plan.parts import Plan
from infra.plan.secret_names import STORE_KEYS
from infra.rendering.data_variables import migration_variables, redis_url
from infra.rendering.files import make_folder, write_rendered
from infra.rendering.places import Places
from infra.rendering.variables import service_variables
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


def render_environments(suite: Suite) -> list[str]:
    """Write one file per role of services and stores, and one per migration job.

    Returns the names of those whose file changed.
    """
    texts, places = {}, local_places(suite)
    for name, service in suite.plan.services.items():
        for role in (name, f"{name}-worker") if service.workers else (name,):
            texts[role] = environment_text(suite.plan, name, role, places)
    if suite.plan.store.embedded:
        texts["store"] = store_text(suite)
    changed = [
        role
        for role, text in texts.items()
        if write_rendered(suite.folder.environment(role), text, account_for(role))
    ]
    # Only an operator's commands migrate.
    operator = account_for("supervisor")
    for job in suite.plan.jobs:
        text = _migration_text(suite, job.service, places)
        write_rendered(suite.folder.environment(job.name), text, operator)
    return changed


def local_places(suite: Suite) -> Places:
    """Return where this machine has what a service needs, after making certificates and folders."""
    plan, folder = suite.plan, suite.folder
    balancers = plan.internal_name("nginx")
    return Places(
        ca_file=str(suite.ca_file),
        certificate=partial(_certificate, suite),
        shard_map=lambda group: str(folder.shard_map(group)),
        traces=lambda role: str(make_folder(folder.traces / role, account_for(role))),
        url=lambda name: f"https://{plan.services[name].host}:{plan.services[name].port}",
        redis_url=lambda name: redis_url(plan, name, suite.secrets),
        live_file=str(folder.live_file),
        store_folder=str(folder.store),
        decoder_python=str(suite.decoder_python),
        other_authority=lambda part: str(authority_file(suite, part)),
        dns_servers=",".join(plan.dns.servers),
        dns_zone=plan.dns.asked_zone,
        media_caches_url=f"https://{balancers.host}:{balancers.port}",
        public_url=plan.public_url,
        secrets=suite.secrets,
        revision=code_version().revision,
        limits_factor=suite.limits_factor,
    )


def _certificate(suite: Suite, role: str) -> tuple[str, str]:
    service = suite.plan.services[role.removesuffix("-worker")]
    addresses = service.replicas if role == service.name else service.workers
    pair = suite.authority.server_pair(role, (service.host, *addresses))
    account_for(role).own(pair.key, 0o600)
    return str(pair.certificate), str(pair.key)


def environment_text(plan: Plan, service: str, role: str, places: Places) -> str:
    """Return the environment file of a role."""
    prefix = f"{service.upper()}_"
    lines = [_HEADING.format(name=service, prefix=prefix)]
    lines += [
        f"\n# {variable.meaning}\n{prefix}{variable.name}={shlex.quote(variable.value)}\n"
        for variable in service_variables(plan, service, role, places)
    ]
    return "".join(lines)


def _migration_text(suite: Suite, group: str, places: Places) -> str:
    lines = [_MIGRATION_HEADING.format(name=group)]
    lines += [
        f"{group.upper()}_{variable.name}={shlex.quote(variable.value)}\n"
        for variable in migration_variables(suite.plan, group, places)
    ]
    return "".join(lines)


def store_text(suite: Suite) -> str:
    """Return the environment of the embedded store."""
    pairs = zip(*(suite.secrets.accepted(name) for name in STORE_KEYS), strict=True)
    # A line of CSV, whose fields contain commas. Their order means nothing.
    value = shlex.quote(",".join(sorted(f'"{access},{secret}"' for access, secret in pairs)))
    return f"# Who may use the embedded object store.\nRCLONE_AUTH_KEY={value}\n"
