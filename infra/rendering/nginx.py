"""Renders the configuration of the balancers."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Protocol

from infra.accounts import account_for
from infra.plan.figures import Public
from infra.plan.parts import Plan, PlannedProcess, PlannedService
from infra.public_certificate import OWN_PAIR, PublicCertificate
from infra.rendering.files import PASSABLE, make_folder, render, write_rendered
from infra.sizing import EdgeSizes, edge_sizes, this_machine
from infra.suite import Suite

# Only our own processes may send these headers, so nginx drops them from clients' requests.
_DROPPED_HEADERS = (
    "Baggage",
    "Forwarded",
    "X-Forwarded-Host",
    "X-Forwarded-Port",
    "X-Original-URL",
    "X-Real-IP",
    "X-Repeated",
    "X-Rewrite-URL",
    "X-Sent-At-Ms",
    "X-Timeout-Ms",
    "X-Trace-Kept",
    "Tracestate",
    "X-User-Id",
    "X-Viewer-Id",
)
# nginx's own status codes, and what clients see instead.
_OWN_STATUSES = {494: 431, 495: 400, 496: 400, 497: 400}
_PROBLEMS = {
    400: {"code": "bad_request", "title": "The request could not be understood."},
    403: {"code": "forbidden", "title": "You may not do this."},
    404: {"code": "not_found", "title": "There is nothing here."},
    405: {"code": "method_not_allowed", "title": "This method is not allowed here."},
    408: {"code": "too_slow", "title": "The request did not come in time."},
    410: {"code": "link_expired", "title": "This link has expired; ask for the post again."},
    411: {"code": "length_required", "title": "Say how long the body is: Content-Length."},
    412: {"code": "precondition_failed", "title": "This has changed since you last read it."},
    413: {"code": "too_large", "title": "The request is too large."},
    414: {"code": "address_too_long", "title": "The address is too long."},
    416: {"code": "range_not_satisfiable", "title": "There are no bytes in that range."},
    431: {"code": "headers_too_large", "title": "The headers of the request are too large."},
    429: {"code": "too_many_requests", "title": "Too many requests at once from one address."},
    500: {"code": "internal_error", "title": "Something went wrong on our side."},
    501: {"code": "not_implemented", "title": "This way to send a body is not understood."},
    502: {"code": "unavailable", "title": "A part of the service does not answer at the moment."},
    503: {"code": "overloaded", "title": "Too much is going on at the moment."},
    504: {"code": "deadline_exceeded", "title": "The answer did not come in time."},
}
# For the API's pages, which have scripts in files and in the page.
_PAGE_POLICY = (
    "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'self'; frame-ancestors 'none'"
)


@dataclass(frozen=True, slots=True)
class EdgePlaces:
    """Where a target has what one balancer needs; `secret_maps` is text, or names a file of it."""

    name: str
    status: str  # where its exporter asks, "" without one
    listen: list[str]
    public_folder: Path
    challenges: Path
    worker_user: str | None
    temporary: Path
    sizes: EdgeSizes
    upstreams: list[PlannedService]
    client_networks: tuple[str, ...]
    operators: tuple[str, ...]
    ops: PlannedProcess | None
    pki: Path
    secret_maps: str


class AcceptedSecrets(Protocol):
    """The secrets of a target, with the values that count while one is replaced."""

    def __getitem__(self, name: str) -> str:
        """Return a secret by its name in the plan."""

    def accepted(self, name: str) -> tuple[str, ...]:
        """Return all values of a secret that count; the one to use stands first."""


def render_nginx(suite: Suite) -> list[str]:
    """Write the balancers' files; returns the names of the processes whose files changed."""
    master = account_for("nginx-master")
    make_folder(suite.folder.etc / "nginx", master)
    public_host = suite.plan.nginx.public_host or "127.0.0.1"
    named = suite.plan.internal_name("nginx")
    suite.authority.server_pair("nginx", ("localhost", named.host, public_host, *named.addresses))
    if suite.plan.public is not None:
        _render_public(suite, suite.plan.public)
    changed = []
    for balancer in (process for process in suite.plan.processes if process.kind == "nginx"):
        shared = suite.plan.public.endpoints if suite.plan.public else ()
        ours = set(balancer.endpoints) - set(shared)
        listen = sorted({address for address, _port in ours}, key=_own_first(balancer.address))
        text = configuration_of(suite, balancer.name, listen)
        if write_rendered(suite.folder.etc / "nginx" / f"{balancer.name}.conf", text, master):
            changed.append(balancer.name)
    _render_connection_bounds(suite)
    return changed


def _own_first(own: str) -> Callable[[str], bool]:
    return lambda address: address != own


def _render_public(suite: Suite, public: Public) -> None:
    """Make the folders of the public name, and place a certificate, without which nginx refuses."""
    make_folder(suite.folder.public, account_for("nginx-master"))
    client = account_for("acme")
    make_folder(suite.folder.acme, client)
    make_folder(suite.folder.challenges, client, PASSABLE)
    # Until an authority has signed one, and for those who trust ours.
    suite.authority.server_pair(OWN_PAIR, (public.domain,))
    PublicCertificate(suite.folder, public).place()


def configuration_of(suite: Suite, name: str, listen: list[str]) -> str:
    """Return the text of a balancer's file; `listen` has its addresses."""
    return edge_text(suite.plan, _places(suite, name, listen))


def secret_maps(secrets: AcceptedSecrets) -> str:
    """Return the part of a balancer's file with all of its secrets."""
    signing_keys = {_key_id(key): key for key in secrets.accepted("media_signing_key")}
    return render("nginx_secrets.conf.j2", {"secrets": secrets, "signing_keys": signing_keys})


def _render_connection_bounds(suite: Suite) -> None:
    file = suite.folder.etc / "nginx" / "connections.nft"
    write_rendered(file, connection_bounds(suite), account_for("nginx-master"))


def connection_bounds(suite: Suite) -> str:
    """Return the kernel's rules for a public machine, which its operator loads."""
    nginx = suite.plan.nginx
    ports = [nginx.port, nginx.tls_port]
    ports += [public.port, public.tls_port] if (public := suite.plan.public) else []
    if nginx.proxy_protocol_port is not None:
        ports.append(nginx.proxy_protocol_port)
    values = {
        "file": suite.folder.etc / "nginx" / "connections.nft",
        "ports": ", ".join(map(str, ports)),
        "sizes": edge_sizes(suite.plan, this_machine()),
    }
    return render("connections.nft.j2", values)


def _places(suite: Suite, name: str, listen: list[str]) -> EdgePlaces:
    workers = account_for("nginx")
    plan = suite.plan
    return EdgePlaces(
        name=name,
        status=_status_page(suite, name),
        listen=listen,
        public_folder=suite.folder.public,
        challenges=suite.folder.challenges,
        worker_user=workers.name if workers.switch else None,
        temporary=_temporary_folder(suite, name),
        sizes=edge_sizes(plan, this_machine()),
        upstreams=list(plan.services.values()),
        client_networks=plan.client_networks,
        operators=plan.ops.allow,
        ops=next((one for one in plan.processes if one.service == "ops"), None),
        pki=suite.folder.pki,
        secret_maps=secret_maps(suite.secrets).rstrip("\n"),
    )


def edge_text(plan: Plan, places: EdgePlaces) -> str:
    """Return the text of a balancer's file."""
    return render(
        "nginx.conf.j2",
        {
            **{field.name: getattr(places, field.name) for field in fields(places)},
            "entrances": _entrances(plan),
            "public": plan.public,
            "public_listen": _in_brackets(plan.public),
            "nginx": plan.nginx,
            "zone": plan.dns.zone,
            "tries": _tries(places.upstreams),
            "limits": plan.limits,
            "dropped_headers": _DROPPED_HEADERS,
            "problems": _PROBLEMS,
            "own_statuses": _OWN_STATUSES,
            "page_policy": _PAGE_POLICY,
        },
    )


def _tries(upstreams: list[PlannedService]) -> int:
    """Return how many tries reach every replica: one at most is left out, and all are backups."""
    return max(2, *(2 * len(service.replicas) - 1 for service in upstreams))


def _status_page(suite: Suite, name: str) -> str:
    """Return where a balancer tells its exporter how busy it is; "" without watchers."""
    watch = suite.plan.watch
    return f"{suite.plan.process(name).address}:{watch.nginx_status_port}" if watch else ""


def _key_id(signing_key: str) -> str:
    """Return a key's name in signed addresses, as the gateway computes it."""
    return hashlib.sha256(signing_key.encode()).hexdigest()[:8]


def _entrances(plan: Plan) -> list[str]:
    """Return the kinds of listeners: inside, and those that are configured."""
    proxied = ["proxy_protocol"] if plan.nginx.takes_proxy_protocol else []
    return ["inside", *proxied, *(["public"] if plan.public else [])]


def _in_brackets(public: Public | None) -> list[str]:
    """Return the public addresses as nginx writes them."""
    addresses = public.addresses if public else ()
    return [f"[{address}]" if ":" in address else address for address in addresses]


def _temporary_folder(suite: Suite, name: str) -> Path:
    workers = account_for("nginx")
    folder = make_folder(suite.folder.cache / name, workers)
    for part in ("body", "proxy", "fastcgi", "uwsgi", "scgi", "photos"):
        make_folder(folder / part, workers)
    return folder
