"""Renders what a Helm chart needs of the plan: one file, with Helm's words where a cluster decides.

The charts in infra/chart give it the shape of Kubernetes. A cluster resolves the names, keeps the
processes, and has its own monitoring, so only a part of the plan is there.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from infra.code_version import code_version
from infra.plan.database_roles import login_roles, runtime_role
from infra.plan.figures import Public, Store
from infra.plan.parts import Plan, PlannedService
from infra.plan.reach import OUTSIDE, PUBLIC, Allowed, allowed, databases_of
from infra.plan.watchers import NGINX_EXPORTER, PROMETHEUS
from infra.rendering.data_variables import migration_variables
from infra.rendering.nginx import EdgePlaces, edge_text
from infra.rendering.places import Places
from infra.rendering.variables import service_variables
from infra.scaling.switches import Switches
from infra.sizing import Machine, at_work_max, edge_sizes
from infra.watching.cluster_rules import cluster_rules
from infra.watching.rules import as_document

_RELEASE = "{{ .Release.Name }}"
# A container's limit is often lower than a machine's, and nobody in it may raise it.
_BALANCER = Machine(processors=2, files_per_process_max=16_384)
_NAMES_PORT = 53
# Where a pod has what the plan's processes read.
TLS, SHARDS, LIVE, TRACES, SECRETS = (
    "/etc/retrato/tls",
    "/etc/retrato/shards",
    "/etc/retrato/live",
    "/var/lib/retrato/traces",
    "/etc/retrato/secrets",
)
# The values of a cluster instead of the drawn ones.
_OF_VALUES = {
    "DRAIN_SECONDS": "{{ .Values.drainSeconds }}",
    "LOG_LEVEL": "{{ .Values.logLevel }}",
    "TRACE_SHARE": "{{ .Values.tracing.share }}",
}


class NoSecrets:
    """Stands for secrets that a cluster has, and that nobody here knows."""

    def __getitem__(self, name: str) -> str:
        """Return the name of the secret."""
        return name

    def others(self, name: str) -> tuple[str, ...]:  # noqa: ARG002 - as of any secrets
        """Return no others."""
        return ()

    def internal_keys(self, audiences: tuple[str, ...]) -> dict[str, str]:
        """Return names instead of keys."""
        return {audience: audience for audience in audiences}

    def login_of(self, group: str) -> str:
        """Return the first login role."""
        return login_roles(group)[0]


def cluster_plan(plan: Plan) -> Plan:
    """Return the plan with a store of somebody else and a public name, as Helm's values say."""
    return replace(
        plan,
        # Whose the databases and Redis are, the values of a chart say.
        groups={name: replace(one, external=None) for name, one in plan.groups.items()},
        redises={name: replace(one, external=None) for name, one in plan.redises.items()},
        store=Store(
            kind="external",
            address="",
            port=0,
            endpoint="{{ .Values.store.endpoint }}",
            bucket="{{ .Values.store.bucket }}",
            region="{{ .Values.store.region }}",
        ),
        dns=replace(plan.dns, kind="embedded", given=()),
        backup=replace(plan.backup, enabled=False),
        mail=replace(plan.mail, kind="external", host="", user=""),
        failover=None,
        automation=None,
        public=Public(domain="{{ .Values.domain }}", addresses=("0.0.0.0",), certificate="files"),  # noqa: S104
    )


def cluster_places() -> Places:
    """Return where a pod has what a service needs, in Helm's words."""
    return Places(
        ca_file=f"{TLS}/ca.crt",
        certificate=lambda _role: (f"{TLS}/tls.crt", f"{TLS}/tls.key"),
        shard_map=lambda _group: f"{SHARDS}/map.json",
        traces=lambda _role: TRACES,
        url=lambda name: f"https://{_RELEASE}-{name}:8000",
        redis_url=lambda name: f"redis_{name}",
        live_file=f"{LIVE}/live.json",
        store_folder="",
        decoder_python="{{ .Values.image.decoderPython }}",
        # The charts name the authorities themselves, and run on databases of any owner.
        other_authority=lambda part: part,
        dns_servers="",
        dns_zone="",
        media_caches_url=f"https://{_RELEASE}-nginx-caches:8443",
        public_url="https://{{ .Values.domain }}",
        secrets=NoSecrets(),
        revision=code_version().revision,
    )


def cluster_reach(plan: Plan) -> tuple[Allowed, ...]:
    """Return the connections in a cluster, whose jobs and name server are its own."""
    pods = pods_of(plan)
    found: dict[tuple[str, str, int], Allowed] = {}
    for one in (*_kept(plan, pods), *_of_jobs(plan)):
        found.setdefault((one.source, one.target, one.port), one)
    return tuple(found.values())


def pods_of(plan: Plan) -> tuple[str, ...]:
    """Return the parts of the plan that are pods, in the order of the plan."""
    roles = [
        role
        for service in plan.services.values()
        for role in (service.name, *([f"{service.name}-worker"] if service.workers else []))
    ]
    return ("nginx", *roles, *(databases_of(group) for group in plan.groups))


def _kept(plan: Plan, pods: tuple[str, ...]) -> Iterator[Allowed]:
    callers = {*pods, PROMETHEUS}
    called = {*pods, OUTSIDE, *(f"redis-{name}" for name in plan.redises)}
    if plan.public is not None:
        yield Allowed(PUBLIC, "nginx", plan.public.port, "clients, who are sent to TLS")
        yield Allowed(PUBLIC, "nginx", plan.public.tls_port, "clients, over TLS")
    for one in allowed(plan):
        if one.source not in callers:
            continue
        if one.target == "dns" and one.source != PROMETHEUS:
            yield replace(one, port=_NAMES_PORT)
        elif one.target == NGINX_EXPORTER:
            # It is in the balancer's pod.
            yield replace(one, target="nginx")
        elif one.target in called:
            # In a cluster a name of somebody else is a value of the chart.
            yield replace(one, host="") if one.target == OUTSIDE else one


def _of_jobs(plan: Plan) -> Iterator[Allowed]:
    for job in plan.jobs:
        port = plan.groups[job.service].members[0].port
        yield Allowed(job.name, databases_of(job.service), port, "migrations")
        yield Allowed(job.name, "dns", _NAMES_PORT, "names")
    for part in pods_of(plan):
        yield Allowed(part, "dns", _NAMES_PORT, "names")


def chart_document(plan: Plan) -> dict[str, Any]:
    """Return what both charts read as files/plan.json."""
    cluster, places = cluster_plan(plan), cluster_places()
    return {
        "zone": cluster.dns.zone,
        "services": {name: _service(cluster, name, places) for name in cluster.services},
        "groups": {name: _group(cluster, name, places) for name in cluster.groups},
        "reach": [
            {"from": one.source, "to": one.target, "port": one.port, "why": one.why}
            for one in cluster_reach(cluster)
        ],
        "live": Switches().as_json(),
        "nginx": {
            "configuration": balancer_text(cluster),
            "statusPort": cluster.watch.nginx_status_port if cluster.watch else 0,
            "exporterPort": cluster.watch.nginx_exporter_port if cluster.watch else 0,
            "cacheBytes": cluster.limits.media_cache_bytes_max,
        },
        "rules": [
            {"name": name, "rules": [as_document(rule) for rule in rules]}
            for name, rules in cluster_rules(plan).items()
        ],
        "postgres": postgres_parameters(cluster),
    }


def _service(plan: Plan, name: str, places: Places) -> dict[str, Any]:
    service = plan.services[name]
    roles = {name: "app"} | ({f"{name}-worker": "worker"} if service.workers else {})
    variables = service_variables(plan, name, name, places)
    return {
        "prefix": name.upper(),
        "port": service.port,
        "modules": {role: f"services.{name}.{module}" for role, module in roles.items()},
        "hasShards": name in plan.groups,
        "atWorkMax": at_work_max(plan, name) if name in plan.groups else 0,
        "variables": {
            one.name: _OF_VALUES.get(one.name, one.value) for one in variables if not one.is_secret
        },
        "secrets": [one.name.lower() for one in variables if one.is_secret],
    }


def _group(plan: Plan, name: str, places: Places) -> dict[str, Any]:
    group = plan.groups[name]
    return {
        "shardCount": group.shard_count,
        "databases": [
            {"name": one.name, "first": one.first_shard, "last": one.last_shard}
            for one in group.databases
        ],
        "migration": {
            "module": next(job.module for job in plan.jobs if job.service == name),
            "variables": {
                one.name: one.value
                for one in migration_variables(plan, name, places)
                if not one.is_secret
            },
        },
        "owner": name,
        "runtimeRole": runtime_role(name),
        "login": login_roles(name)[0],
        "restingLogin": login_roles(name)[1],
    }


def postgres_parameters(plan: Plan) -> Mapping[str, str]:
    """Return the settings that the services need, as CloudNativePG takes them."""
    limits = plan.limits
    return {
        "max_connections": str(limits.postgres_connections_max),
        "max_locks_per_transaction": "256",
        "jit": "off",
        "random_page_cost": "1.1",
        "idle_in_transaction_session_timeout": "30s",
        "lock_timeout": "10s",
        "client_connection_check_interval": "5s",
        "max_logical_replication_workers": "8",
        "max_slot_wal_keep_size": "2GB",
        "password_encryption": "scram-sha-256",
        "ssl_min_protocol_version": "TLSv1.3",
        "default_text_search_config": "pg_catalog.simple",
        "timezone": "UTC",
    }


def balancer_text(plan: Plan) -> str:
    """Return the balancers' file; the name of a Service stands for all replicas behind it."""
    status = f"127.0.0.1:{plan.watch.nginx_status_port}" if plan.watch else ""
    return edge_text(
        plan,
        EdgePlaces(
            name="$hostname",
            status=status,
            listen=["0.0.0.0"],  # noqa: S104 - of the pod
            public_folder=Path("/etc/retrato/public"),
            challenges=Path("/var/cache/nginx/challenges"),
            worker_user=None,
            temporary=Path("/var/cache/nginx"),
            sizes=edge_sizes(plan, _BALANCER),
            upstreams=[_behind(service) for service in plan.services.values()],
            # Who may come from where is the network policies' part.
            client_networks=("all",),
            operators=('{{ .Values.nginx.operators | join " 1; " }}',),
            ops=None,
            pki=Path("/etc/retrato/tls"),
            secret_maps="    include /etc/retrato/secrets/secrets.conf;",  # noqa: S106 - a file's name
        ),
    )


def _behind(service: PlannedService) -> PlannedService:
    return replace(service, replicas=(f"{_RELEASE}-{service.name}-balanced",))


def chart_text(plan: Plan) -> str:
    """Return the text of files/plan.json."""
    return json.dumps(chart_document(plan), indent=1) + "\n"
