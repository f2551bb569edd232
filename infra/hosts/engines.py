"""The files of a host's engines: Postgres, Redis, etcd, name server, balancer and object store."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from infra.accounts import name_for
from infra.hosts.bundle import PASSABLE, ROOT_ROLE, SHOWN, Bundle
from infra.plan.parts import Kind, Plan, PlannedProcess
from infra.rendering.dns import dns_texts
from infra.rendering.environment import store_text
from infra.rendering.failover import etcd_pair, etcd_text, patroni_text
from infra.rendering.nginx import EdgePlaces, edge_text, secret_maps
from infra.rendering.postgres import ServerPlaces, certified_hosts, server_texts
from infra.rendering.redis import redis_texts
from infra.run_folder import RunFolder
from infra.sizing import Machine, edge_sizes
from infra.suite import Suite

# A host of the size that most providers rent; a larger one has enough of these, too.
_BALANCER = Machine(processors=2, files_per_process_max=65_536)
_TEMPORARY = ("body", "proxy", "fastcgi", "uwsgi", "scgi", "photos")
# The folders of objects, of which the store removes one that is empty.
_PREFIXES = ("quarantine", "renditions")


@dataclass(frozen=True, slots=True)
class Bringing:
    """A bundle under way: `suite` has the keys, and `folder` is the host's."""

    suite: Suite
    folder: RunFolder
    bundle: Bundle

    @property
    def plan(self) -> Plan:
        """The plan of all hosts."""
        return self.suite.plan


def bring_engine(bringing: Bringing, process: PlannedProcess) -> None:
    """Add the files of a process that is no program of ours; others have none here."""
    if bring := _ENGINES.get(process.kind):
        bring(bringing, process)


def _postgres(bringing: Bringing, process: PlannedProcess) -> None:
    plan, folder, bundle = bringing.plan, bringing.folder, bringing.bundle
    node = plan.member(process.server)
    if plan.failover is None:
        return
    bundle.folder(folder.data / "postgres", "postgres")
    bundle.folder(folder.etc / "postgres", "postgres")
    etc = bundle.folder(folder.etc / "postgres" / node.name, "postgres")
    data = str(folder.data / "postgres" / node.name)
    places = ServerPlaces(data=data, etc=str(etc), pki=str(folder.pki))
    texts = server_texts(plan, node, bringing.suite.secrets, places)
    secrets = bringing.suite.secrets
    texts["patroni.yml"] = patroni_text(plan, node, plan.failover, folder, secrets)
    for name, text in texts.items():
        bundle.file(etc / name, text, "postgres")
    hosts = certified_hosts(plan, node)
    pair = bringing.suite.authority.server_pair(f"{node.name}.postgres", hosts)
    bundle.pair(pair.certificate, pair.key, "postgres", folder.pki)


def _redis(bringing: Bringing, process: PlannedProcess) -> None:
    folder, bundle = bringing.folder, bringing.bundle
    redis = bringing.plan.redises[process.server]
    etc = bundle.folder(folder.etc / "redis", ROOT_ROLE, PASSABLE)
    bundle.folder(folder.data / "redis", ROOT_ROLE, PASSABLE)
    data = bundle.folder(folder.data / "redis" / redis.name, process.role)
    places = (str(data), str(etc), str(folder.pki))
    texts = redis_texts(bringing.plan, redis, bringing.suite.secrets, places)
    for name, text in texts.items():
        bundle.file(etc / name, text, process.role)
    hosts = (redis.host, redis.address)
    pair = bringing.suite.authority.server_pair(f"{redis.name}.redis", hosts)
    bundle.pair(pair.certificate, pair.key, process.role, folder.pki)


def _etcd(bringing: Bringing, process: PlannedProcess) -> None:
    plan, folder, bundle = bringing.plan, bringing.folder, bringing.bundle
    if plan.failover is None:
        return
    bundle.folder(folder.etcd, "etcd")
    bundle.folder(folder.etcd / process.name, "etcd")
    etc = bundle.folder(folder.etc / "etcd", "etcd")
    text = etcd_text(process, plan.failover, folder)
    bundle.file(etc / f"{process.name}.yml", text, "etcd")
    pair = etcd_pair(bringing.suite.authority, plan, process)
    bundle.pair(pair.certificate, pair.key, "etcd", folder.pki)


def _dns(bringing: Bringing, process: PlannedProcess) -> None:
    folder, bundle = bringing.folder, bringing.bundle
    etc = bundle.folder(folder.etc / "dns", "dns")
    bundle.folder(folder.sockets, ROOT_ROLE, PASSABLE)
    sockets = bundle.folder(folder.sockets / "dns", "dns")
    for name, text in dns_texts(bringing.plan, process.address, etc, sockets).items():
        bundle.file(etc / name, text, "dns")


def _nginx(bringing: Bringing, process: PlannedProcess) -> None:
    plan, folder, bundle = bringing.plan, bringing.folder, bringing.bundle
    etc = bundle.folder(folder.etc / "nginx", "nginx-master")
    bundle.folder(folder.cache, ROOT_ROLE, PASSABLE)
    temporary = bundle.folder(folder.cache / process.name, "nginx")
    for part in _TEMPORARY:
        bundle.folder(temporary / part, "nginx")
    bundle.folder(folder.public, "nginx-master")
    bundle.folder(folder.challenges, "nginx-master", PASSABLE)
    text = edge_text(plan, _edge_places(bringing, process, temporary))
    bundle.file(etc / f"{process.name}.conf", text, "nginx-master")
    named = plan.internal_name("nginx")
    hosts = ("localhost", named.host, *_public_names(plan), *named.addresses)
    pair = bringing.suite.authority.server_pair("nginx", hosts)
    bundle.pair(pair.certificate, pair.key, "nginx-master", folder.pki)


def _public_names(plan: Plan) -> tuple[str, ...]:
    floating = plan.machines.floating if plan.machines else None
    return (floating.address.partition("/")[0],) if floating else ()


def _edge_places(bringing: Bringing, process: PlannedProcess, temporary: Path) -> EdgePlaces:
    plan, folder = bringing.plan, bringing.folder
    return EdgePlaces(
        name=process.name,
        status="",
        listen=listened_at(plan, process),
        public_folder=folder.public,
        challenges=folder.challenges,
        worker_user=name_for("nginx"),
        temporary=temporary,
        sizes=edge_sizes(plan, _BALANCER),
        upstreams=list(plan.services.values()),
        client_networks=plan.client_networks,
        operators=plan.ops.allow,
        ops=None,
        pki=folder.pki,
        secret_maps=secret_maps(bringing.suite.secrets).rstrip("\n"),
    )


def listened_at(plan: Plan, process: PlannedProcess) -> list[str]:
    """Return where a balancer listens: its host's addresses, or all while one of them moves."""
    if plan.machines is None:
        return [process.address]
    host = plan.machines.host(process.host)
    if plan.machines.floating is not None:
        return ["0.0.0.0", *(["[::]"] if host.address6 else [])]  # noqa: S104 - it moves
    return [host.address, *([f"[{host.address6}]"] if host.address6 else [])]


def _store(bringing: Bringing, process: PlannedProcess) -> None:
    plan, folder, bundle = bringing.plan, bringing.folder, bringing.bundle
    store = bundle.folder(folder.store, process.role, SHOWN)
    bucket = bundle.folder(store / plan.store.bucket, process.role, SHOWN)
    for prefix in _PREFIXES:
        bundle.folder(bucket / prefix, process.role, SHOWN)
        bundle.file(bucket / prefix / ".keep", "", process.role, only_if_missing=True)
    bundle.file(folder.environment("store"), store_text(bringing.suite), process.role)
    named = plan.internal_name("store")
    pair = bringing.suite.authority.server_pair("store", (named.host, *named.addresses))
    bundle.pair(pair.certificate, pair.key, process.role, folder.pki)


_ENGINES: dict[Kind, Callable[[Bringing, PlannedProcess], None]] = {
    "postgres": _postgres,
    "redis": _redis,
    "etcd": _etcd,
    "dns": _dns,
    "nginx": _nginx,
    "store": _store,
}
