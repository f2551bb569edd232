"""The zone of internal names, whose records follow the health of what they name."""

from collections.abc import Iterator
from dataclasses import dataclass

from infra.accounts import account_for
from infra.rendering.files import make_folder, render, write_rendered
from infra.suite import Suite
from infra.topology import Topology


@dataclass(frozen=True, slots=True)
class Name:
    """An internal name, the addresses that it can stand for, and their port."""

    label: str  # without the zone
    host: str  # with it
    addresses: tuple[str, ...]
    port: int
    has_ready_page: bool = False


def names_of(topology: Topology) -> Iterator[Name]:
    """Every internal name."""
    limits = topology.limits
    for service in topology.services.values():
        yield Name(
            service.name, service.host, service.replicas, limits.service_port, has_ready_page=True
        )
    nginx = topology.nginx
    yield Name("nginx", f"nginx.{topology.dns.zone}", nginx.replicas, nginx.tls_port)
    for node in topology.postgres_nodes:
        yield Name(f"{node.name}.postgres", node.host, (node.address,), limits.postgres_port)
    for redis in topology.redises.values():
        yield Name(f"{redis.name}.redis", redis.host, (redis.address,), limits.redis_port)
    if topology.store.embedded:
        store = topology.store
        yield Name("store", f"store.{topology.dns.zone}", (store.address,), store.port)


def render_dns(suite: Suite) -> list[str]:
    """Write it all; returns the names of the processes for which something changed."""
    account = account_for("dns")
    folder = make_folder(suite.folder.etc / "dns", account)
    dns = suite.topology.dns
    names = list(names_of(suite.topology))
    values = {
        "dns": dns,
        "etc_folder": folder,
        "socket_folder": make_folder(suite.folder.sockets / "dns", account),
        "checked_by_ready": [name for name in names if name.has_ready_page],
        "checked_by_port": [n for n in names if not n.has_ready_page and len(n.addresses) > 1],
        "single": [n for n in names if not n.has_ready_page and len(n.addresses) == 1],
    }
    files = {
        "pdns.conf": "pdns.conf.j2",
        "named.conf": "named.conf.j2",
        f"{dns.zone}.zone": "dns.zone.j2",
    }
    written = [
        write_rendered(folder / file, render(template, values), account)
        for file, template in files.items()
    ]
    return ["dns"] if any(written) else []
