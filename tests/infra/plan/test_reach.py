"""The table of connections names what the suite needs, and nothing that would help an intruder."""

from hypothesis import given

from infra.plan.parts import Plan
from infra.plan.planning import plan_of
from infra.plan.reach import (
    OPERATORS,
    OUTSIDE,
    PUBLIC,
    Allowed,
    allowed,
    only_calls,
    part_of,
    parts_of,
)
from infra.topology import Topology, load_topology
from tests.infra.plan.test_planning import topologies

_NEEDED = {
    (PUBLIC, "nginx", 8080),
    (PUBLIC, "nginx", 8443),
    ("nginx", "gateway", 8000),
    ("nginx", "upload", 8000),
    ("nginx", "ops", 8000),
    ("gateway", "users", 8000),
    ("gateway", "upload", 8000),
    ("gateway", "feed", 8000),
    ("gateway", "redis-gateway", 6379),
    ("gateway", "dns", 5353),
    ("users", "postgres-users", 5432),
    ("users-worker", "postgres-users", 5432),
    ("users", "feed", 8000),
    ("upload-worker", "store", 9000),
    ("upload-worker", "nginx", 8443),
    ("feed-worker", "users", 8000),
    ("dns", "gateway", 8000),
    ("dns", "nginx", 8443),
    ("postgres-users", "postgres-users", 5432),
    ("postgres-users", "postgres-users", 8008),
    ("postgres-users", "etcd", 2379),
    ("postgres-users", "backup-store", 9000),
    ("etcd", "etcd", 2380),
    ("fence", "postgres-feed", 8008),
    ("backup-keeper", "postgres-feed", 5432),
    ("backup-keeper", "backup-store", 9000),
    ("caretaker", "redis-users", 6379),
    ("prometheus", "feed-worker", 8000),
    ("prometheus", "postgres-feed", 8008),
    ("postgres-exporter", "postgres-feed", 5432),
    ("redis-exporter", "redis-feed", 6379),
    ("nginx-exporter", "nginx", 8089),
    ("alertmanager", "automation", 8000),
    (OPERATORS, "postgres-users", 5432),
}
# From each of these to each of those, at any port.
_DENIED = [
    ({PUBLIC}, {"gateway", "users", "upload", "feed", "store", "dns", "prometheus", "ops"}),
    ({"gateway", "nginx"}, {"postgres-users", "postgres-upload", "postgres-feed", "store", "etcd"}),
    ({"nginx"}, {"redis-gateway", "redis-users", "users-worker", "upload-worker", "backup-store"}),
    ({"gateway"}, {"redis-users", "redis-feed", "nginx", "backup-store", "prometheus"}),
    ({"users", "users-worker"}, {"postgres-upload", "postgres-feed", "redis-upload", "store"}),
    ({"feed", "feed-worker"}, {"postgres-upload", "postgres-users", "store", "nginx"}),
    ({"upload", "upload-worker"}, {"postgres-users", "postgres-feed", "users", "gateway"}),
    ({"upload", "upload-worker"}, {"backup-store", "caretaker", "users-worker", "automation"}),
    ({"postgres-users"}, {"postgres-upload", "postgres-feed", "users", "store"}),
    ({"gateway", "users", "upload", "feed"}, {"users-worker", "upload-worker", "feed-worker"}),
    ({"ops"}, {"caretaker", "alertmanager", "postgres-users", "gateway"}),
    ({"automation"}, {"caretaker", "gateway", "users"}),
]


def _whole() -> Plan:
    return plan_of(load_topology(has_failover=True, is_watched=True))


def _triples(plan: Plan) -> set[tuple[str, str, int]]:
    return {(one.source, one.target, one.port) for one in allowed(plan)}


def test_what_the_suite_needs_is_allowed() -> None:
    assert _triples(_whole()) >= _NEEDED


def test_what_would_help_an_intruder_is_not_allowed() -> None:
    pairs = {(one.source, one.target) for one in allowed(_whole())}
    named = {name for pair in pairs for name in pair}
    for sources, targets in _DENIED:
        assert sources | targets <= named, "a name of this table is no part"
        assert not {(one, other) for one in sources for other in targets} & pairs


def test_nothing_that_reads_what_strangers_sent_reaches_the_internet() -> None:
    assert not {one.source for one in allowed(_whole()) if one.target == OUTSIDE}


@given(topologies())
def test_only_a_store_of_somebody_else_is_outside(topology: Topology) -> None:
    plan = plan_of(topology)
    outside = {(one.source, one.host) for one in allowed(plan) if one.target == OUTSIDE}
    for source, host in outside:
        assert host, source
        if source in {"upload", "upload-worker"}:
            assert not plan.store.embedded or plan.store.second is not None
        else:
            assert source.startswith(("postgres-", "backup-keeper", OPERATORS)), source


@given(topologies())
def test_every_process_is_called_or_is_said_not_to_be(topology: Topology) -> None:
    plan = plan_of(topology)
    called = {one.target for one in allowed(plan) if one.source not in {OPERATORS, "caretaker"}}
    for process in plan.processes:
        part = part_of(plan, process)
        assert part in called or only_calls(part), process.name


@given(topologies())
def test_a_line_names_parts_and_ports_that_exist_once(topology: Topology) -> None:
    plan = plan_of(topology)
    table, parts = allowed(plan), parts_of(plan)
    assert len({(one.source, one.target, one.port, one.host) for one in table}) == len(table)
    for one in table:
        assert one.why, one
        assert one.source in {*parts, PUBLIC, OPERATORS}, one
        if one.target != OUTSIDE:
            ports = {port for process in parts[one.target] for _at, port in process.endpoints}
            assert one.port in ports, one


@given(topologies())
def test_only_trusted_proxies_reach_the_port_of_their_protocol(topology: Topology) -> None:
    plan = plan_of(topology)
    table = allowed(plan)
    for one in table:
        is_of_proxies = one.source == PUBLIC and one.port == plan.nginx.proxy_protocol_port
        assert one.networks == (plan.nginx.trusted_proxies if is_of_proxies else ())
    assert Allowed(PUBLIC, "nginx", 8443, "clients, over TLS") in table
