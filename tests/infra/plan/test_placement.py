"""Whatever stands in for something else is on another host, and each endpoint has one process."""

import tomllib
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.plan.parts import Plan
from infra.plan.placement import stand_ins
from infra.plan.planning import plan_of
from infra.plan.reach import allowed, parts_of
from infra.topology import TOPOLOGY_FILE, Topology, _topology
from infra.topology_tables import TopologyError
from tests.infra.hosts.drawn_hosts import hosts_text, plan_on_hosts, tables_of

_NAMES = ["one", "two", "three", "four", "five"]


@st.composite
def spread_topologies(draw: st.DrawFn) -> Topology:
    """Draw hosts, and as many processes of each kind as they may have."""
    hosts = _NAMES[: draw(st.integers(min_value=3, max_value=5))]
    some = st.integers(min_value=1, max_value=len(hosts))
    drawn = tomllib.loads(TOPOLOGY_FILE.read_text(encoding="utf-8"))
    drawn["nginx"]["replicas"] = [f"101.{n}" for n in range(1, draw(some) + 1)]
    for number, name in enumerate(("gateway", "users", "upload", "feed"), 110):
        drawn["service"][name]["replicas"] = [f"{number}.{n}" for n in range(1, draw(some) + 1)]
        if name != "gateway":
            workers = range(101, 101 + draw(some))
            drawn["service"][name]["workers"] = [f"{number}.{n}" for n in workers]
    for number, name in enumerate(("users", "upload", "feed"), 120):
        count, replicas = draw(st.sampled_from([1, 2, 4, 8])), draw(some) - 1
        drawn["group"][name]["primary"] = [
            {
                "name": f"{name}-{n}",
                "address": f"{number}.{n + 1}",
                "shards": [n * 64 // count, (n + 1) * 64 // count - 1],
                "replicas": [
                    {"name": f"{name}-{n}-{r}", "address": f"{number}.{100 + 10 * n + r}"}
                    for r in range(replicas)
                ],
            }
            for n in range(count)
        ]
    drawn["hosts"] = tables_of(hosts, {"redis-feed": draw(st.sampled_from(hosts))})
    drawn["backup"]["enabled"] = False
    drawn["mail"]["kind"] = "external"
    return _topology(drawn, None, has_failover=True)


def _on_one_host(plan: Plan) -> list[tuple[str, str]]:
    """Return pairs of host and group of processes that the loss of the host would take at once."""
    by_server = {member.name: member for member in plan.members}
    groups = Counter((p.host, stand_ins(p, by_server)) for p in plan.processes)
    return [pair for pair, count in groups.items() if pair[1] and count > 1]


@given(spread_topologies())
def test_no_host_has_two_that_stand_in_for_one_another(topology: Topology) -> None:
    assert _on_one_host(plan_of(topology)) == []


@given(spread_topologies())
def test_each_endpoint_has_one_process_on_its_hosts_address(topology: Topology) -> None:
    plan = plan_of(topology)
    assert plan.machines is not None
    endpoints = [(p, endpoint) for p in plan.processes for endpoint in p.endpoints]
    assert len({endpoint for _p, endpoint in endpoints}) == len(endpoints)
    addresses = {host.name: host.address for host in plan.machines.hosts}
    assert {(p.host, at) for p, (at, _port) in endpoints} <= set(addresses.items())


@given(spread_topologies())
def test_names_and_parts_have_the_endpoints_of_their_processes(topology: Topology) -> None:
    plan = plan_of(topology)
    named = {(address, name.port) for name in plan.names for address in name.addresses}
    assert named <= plan.endpoints
    for member in plan.members:
        process = plan.process(f"postgres-{member.name}")
        here = {(member.address, member.port), (member.address, member.rest_port)}
        assert set(process.endpoints) == here
    for name, service in plan.services.items():
        for role, addresses in ((name, service.replicas), (f"{name}-worker", service.workers)):
            drawn = {p.endpoints for p in plan.processes if p.role == role}
            assert drawn == {((address, service.port_of(role)),) for address in addresses}


@given(spread_topologies())
def test_those_that_lead_at_first_are_spread_evenly(topology: Topology) -> None:
    plan = plan_of(topology)
    firsts = Counter(plan.process(f"postgres-{one.name}").host for one in plan.databases)
    counts = [firsts[host] for host in plan.hosts]
    assert max(counts) - min(counts) <= 1


@given(spread_topologies())
def test_equal_topologies_have_equal_placements(topology: Topology) -> None:
    assert plan_of(topology) == plan_of(topology)


@given(spread_topologies())
def test_every_allowed_port_is_one_of_the_targets(topology: Topology) -> None:
    plan = plan_of(topology)
    parts = parts_of(plan)
    for one in allowed(plan):
        if one.target in parts:
            ports = {port for p in parts[one.target] for _at, port in p.endpoints}
            assert one.port in ports, one


def test_two_name_servers_three_etcd_and_a_fence_for_each_host(tmp_path: Path) -> None:
    plan = plan_on_hosts(tmp_path)
    hosts = {kind: {p.host for p in plan.processes if p.kind == kind} for kind in ("dns", "etcd")}
    assert len(hosts["dns"]) == 2
    assert len(hosts["etcd"]) == 3
    assert {p.host for p in plan.processes if p.kind == "fence"} == set(plan.hosts)
    assert len(plan.dns.servers) == 2
    watched = [one for host in plan.hosts for one in plan.members_on(host)]
    assert sorted(one.name for one in watched) == sorted(one.name for one in plan.members)


def test_a_placed_process_is_where_it_is_placed(tmp_path: Path) -> None:
    text = hosts_text(more='[hosts.placed]\nstore = "three"\n"postgres-feed-a" = "two"\n')
    plan = plan_on_hosts(tmp_path, text)
    assert plan.process("store").host == "three"
    assert plan.store.address == "10.77.0.3"
    assert plan.process("postgres-feed-a").host == "two"
    assert plan.process("postgres-feed-a-replica").host != "two"


@pytest.mark.parametrize(
    ("placed", "sentence"),
    [
        ({"store": "nine"}, "'nine', which is none of: one, two, three"),
        ({"stores": "one"}, "'stores', which is no process of the suite"),
        ({"fence-1": "one"}, "each host has one of its own"),
        (
            {"postgres-feed-a": "one", "postgres-feed-a-replica": "one"},
            "the loss of that host would take both members of feed-a",
        ),
        ({"gateway-1": "two", "gateway-2": "two"}, "would take both processes of gateway"),
        ({"nginx-1": "two", "nginx-2": "two"}, "would take both processes of nginx"),
        ({"dns-1": "two", "dns-2": "two"}, "would take both processes of dns"),
        ({"etcd-1": "two", "etcd-3": "two"}, "would take both processes of etcd"),
    ],
)
def test_a_placement_that_one_loss_would_undo_is_refused(
    tmp_path: Path, placed: dict[str, str], sentence: str
) -> None:
    lines = "".join(f'"{process}" = "{host}"\n' for process, host in placed.items())
    with pytest.raises(TopologyError, match=sentence):
        plan_on_hosts(tmp_path, hosts_text(more=f"[hosts.placed]\n{lines}"))


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        (["one"], "has 1 names: a suite on several hosts has at least 2"),
        (["one", "two"], "etcd-3 has no host of its own"),
    ],
)
def test_too_few_hosts_are_refused(tmp_path: Path, names: list[str], sentence: str) -> None:
    with pytest.raises(TopologyError, match=sentence):
        plan_on_hosts(tmp_path, hosts_text(names))
