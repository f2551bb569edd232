"""Turns a plan into containers and their files; pure but for the certificates that it is given."""

from functools import partial
from pathlib import Path

from infra.containers.choices import Choices
from infra.containers.parts import DATA, ETC, Container
from infra.leaders import followers, leader_of, leads
from infra.plan.database_roles import REPLICATION_ROLE, login_roles, other_login, runtime_role
from infra.plan.parts import Database, Member, Plan, PlannedProcess
from infra.plan.secret_names import STORE_KEYS, owner_password, runtime_password
from infra.rendering.data_variables import redis_url
from infra.rendering.nginx import EdgePlaces, edge_text, secret_maps
from infra.rendering.places import Places
from infra.rendering.postgres import ServerPlaces, server_texts, slot_name
from infra.rendering.redis import redis_texts
from infra.secret_values import SUPERUSER, SecretValues
from infra.sizing import edge_sizes, this_machine

# The start of a Postgres copies its files there, because they may be readable by it alone.
_POSTGRES_FILES = "/tmp/retrato"
_STOP_SECONDS = 20
_DATABASE_STOP_SECONDS = 60
_PLAIN = "NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS"


def containers_of(plan: Plan, choices: Choices) -> tuple[Container, ...]:
    """Return the containers of a suite: engines, jobs, services, balancers.

    The system's resolver replaces the plan's name server, and the compose tool its supervisor.
    """
    return (
        *(_postgres(plan, one) for one in plan.processes if one.kind == "postgres"),
        *(_redis(plan, one) for one in plan.processes if one.kind == "redis"),
        *(_store(plan, one) for one in plan.processes if one.name == "store"),
        *(_job(job.name, job.service, job.module) for job in plan.jobs),
        *(_service(plan, one) for one in plan.processes if one.service in plan.services),
        *(
            _balancer(plan, one, choices, index)
            for index, one in enumerate(p for p in plan.processes if p.kind == "nginx")
        ),
    )


def container_places(
    plan: Plan, secrets: SecretValues, public_url: str, revision: str, factor: int
) -> Places:
    """Return where a service's container has what it needs."""
    balancers = plan.internal_name("nginx")
    return Places(
        ca_file=f"{ETC}/ca.crt",
        certificate=lambda role: (f"{ETC}/{role}.crt", f"{ETC}/{role}.key"),
        shard_map=lambda group: f"{ETC}/{group}.json",
        # They go with the container; `[tracing] endpoint` in the topology keeps them.
        traces=lambda _role: "/tmp",
        url=lambda name: f"https://{plan.services[name].host}:{plan.services[name].port}",
        redis_url=lambda name: redis_url(plan, name, secrets),
        live_file=f"{ETC}/live.json",
        store_folder=f"{DATA}/store",
        decoder_python="/opt/venv-decoder/bin/python",
        other_authority=lambda part: f"{ETC}/{part}.authority.crt",
        dns_servers="",
        dns_zone="",
        media_caches_url=f"https://{balancers.host}:{balancers.port}",
        public_url=public_url,
        secrets=secrets,
        revision=revision,
        limits_factor=factor,
    )


def engine_files(plan: Plan, secrets: SecretValues, container: Container) -> dict[str, str]:
    """Return the files of an engine's container, without its certificate."""
    process = plan.process(container.name)
    return _FILES[process.kind](plan, secrets, process)


def roles_sql(secrets: SecretValues, database: Database) -> str:
    """Return the statements that a new primary gets before anybody can connect to it."""
    group = database.service
    login, app = secrets.login_of(group), runtime_role(group)
    role = partial(_role, secrets)
    statements = [
        role(group, f"LOGIN {_PLAIN}", owner_password(group)),
        role(REPLICATION_ROLE, f"LOGIN REPLICATION {_PLAIN}", "postgres_replication"),
        role(app, f"NOLOGIN {_PLAIN}"),
        role(other_login(group, login), f"NOLOGIN {_PLAIN}"),
        role(login, f"LOGIN {_PLAIN}", runtime_password(group)),
        *(f'GRANT "{app}" TO "{name}"' for name in login_roles(group)),
        f'CREATE DATABASE "{group}" OWNER "{group}" STRATEGY wal_log',
        f'REVOKE ALL ON DATABASE "{group}" FROM PUBLIC',
        f'GRANT CONNECT ON DATABASE "{group}" TO "{app}"',
        *(
            f"SELECT pg_create_physical_replication_slot('{slot_name(one)}', true)"
            for one in followers(database)
        ),
    ]
    return "".join(f"{statement};\n" for statement in statements)


def _role(secrets: SecretValues, name: str, attributes: str, secret: str = "") -> str:
    password = secrets[secret].replace("'", "''") if secret else ""
    return f'CREATE ROLE "{name}" {attributes}' + (f" PASSWORD '{password}'" if secret else "")


def _names(plan: Plan, address: str) -> tuple[str, ...]:
    return tuple(one.host for one in plan.names if address in one.addresses)


def _engine(plan: Plan, process: PlannedProcess, *command: str) -> Container:
    return Container(
        name=process.name,
        image="engines",
        command=command,
        role=process.name,
        address=process.address,
        names=_names(plan, process.address),
        volume=process.name,
        stop_seconds=_STOP_SECONDS,
    )


def _postgres(plan: Plan, process: PlannedProcess) -> Container:
    node = plan.member(process.server)
    words = () if leads(node) else (leader_of(plan, node).host, slot_name(node))
    return Container(
        name=process.name,
        image="engines",
        command=("/start/postgres", node.name, *words),
        role=process.name,
        address=process.address,
        names=_names(plan, process.address),
        volume=process.name,
        # A fast shutdown, as on the local target.
        stop_signal="SIGINT",
        stop_seconds=_DATABASE_STOP_SECONDS,
    )


def _redis(plan: Plan, process: PlannedProcess) -> Container:
    return _engine(plan, process, "redis-server", f"{ETC}/{process.server}.conf")


def _store(plan: Plan, process: PlannedProcess) -> Container:
    endpoint = f"{process.address}:{process.port}"
    return _engine(plan, process, "/start/store", endpoint, plan.store.bucket)


def _job(name: str, service: str, module: str) -> Container:
    return Container(
        name=name,
        image="suite",
        command=("python", "-m", module),
        role=name,
        environment_file=f"./etc/{name}.env",
        variables={f"{service.upper()}_SECRETS_DIR": f"{ETC}/secrets"},
        is_job=True,
    )


def _service(plan: Plan, process: PlannedProcess) -> Container:
    prefix = process.service.upper()
    is_called = process.module.endswith(".app")
    has_store = process.service == "upload" and plan.store.embedded
    return Container(
        name=process.name,
        image="suite",
        command=("python", "-m", "shared.launch", process.module),
        role=process.role,
        address=process.address,
        names=_names(plan, process.address) if is_called else (),
        variables={
            f"{prefix}_INSTANCE": process.name,
            f"{prefix}_SECRETS_DIR": f"{ETC}/secrets",
        },
        environment_file=f"./etc/{process.role}.env",
        volume="store" if has_store else "",
        is_volume_of_another=has_store,
        stop_seconds=int(plan.limits.drain_seconds) + _STOP_SECONDS,
    )


def _balancer(plan: Plan, process: PlannedProcess, choices: Choices, index: int) -> Container:
    return Container(
        name=process.name,
        image="engines",
        command=("/start/nginx",),
        role=process.name,
        address=process.address,
        names=_names(plan, process.address),
        volume=process.name,
        ports=choices.published(index, plan.nginx.port, plan.nginx.tls_port),
        # nginx finishes what is under way.
        stop_signal="SIGQUIT",
    )


def _postgres_files(plan: Plan, secrets: SecretValues, process: PlannedProcess) -> dict[str, str]:
    node: Member = plan.member(process.server)
    places = ServerPlaces(data=f"{DATA}/{node.name}", etc=_POSTGRES_FILES, pki=_POSTGRES_FILES)
    files = server_texts(plan, node, secrets, places)
    if leads(node):
        database = next(one for one in plan.databases if one.name == node.database)
        files["roles.sql"] = roles_sql(secrets, database)
        files["superuser"] = secrets[SUPERUSER] + "\n"
    return files


def _redis_files(plan: Plan, secrets: SecretValues, process: PlannedProcess) -> dict[str, str]:
    return redis_texts(plan, plan.redises[process.server], secrets, (DATA, ETC, ETC))


def _store_files(_plan: Plan, secrets: SecretValues, _process: PlannedProcess) -> dict[str, str]:
    return {"auth-key": f'"{secrets[STORE_KEYS[0]]},{secrets[STORE_KEYS[1]]}"\n'}


def _nginx_files(plan: Plan, secrets: SecretValues, process: PlannedProcess) -> dict[str, str]:
    places = EdgePlaces(
        name=process.name,
        status="",
        listen=[process.address],
        public_folder=Path(ETC),
        challenges=Path(ETC),
        worker_user=None,
        temporary=Path(DATA),
        sizes=edge_sizes(plan, this_machine()),
        upstreams=list(plan.services.values()),
        client_networks=plan.client_networks,
        operators=plan.ops.allow,
        ops=None,
        pki=Path(ETC),
        secret_maps=secret_maps(secrets).rstrip("\n"),
    )
    return {"nginx.conf": edge_text(plan, places)}


_FILES = {
    "postgres": _postgres_files,
    "redis": _redis_files,
    "store": _store_files,
    "nginx": _nginx_files,
}
