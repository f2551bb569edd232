"""A plan depends on the topology alone and is consistent."""

import ast
import sys
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import infra.plan
from infra.plan.parts import Plan
from infra.plan.planning import plan_of
from infra.topology import TOPOLOGY_FILE, Topology, _topology, load_topology

_EVENTS: list[str] | None = None
_READS = ("open", "os.", "socket.", "subprocess.", "import", "shutil.", "glob.")


def _audit(event: str, _arguments: tuple[Any, ...]) -> None:
    """Record audit events; the hook cannot be removed, so it is inactive outside of one test."""
    if _EVENTS is not None and event.startswith(_READS):
        _EVENTS.append(event)


@st.composite
def topologies(draw: st.DrawFn) -> Topology:
    """Draw any numbers of processes, own or external stores, with or without backups, failover."""
    drawn = tomllib.loads(TOPOLOGY_FILE.read_text(encoding="utf-8"))
    few = st.integers(min_value=1, max_value=4)
    drawn["nginx"]["replicas"] = [f"101.{n}" for n in range(1, draw(few) + 1)]
    if draw(st.booleans()):
        drawn["nginx"] |= {"trusted_proxies": ["192.0.2.0/24"], "proxy_protocol_port": 8081}
    for number, name in enumerate(("gateway", "users", "upload", "feed"), 110):
        drawn["service"][name]["replicas"] = [f"{number}.{n}" for n in range(1, draw(few) + 1)]
        workers = draw(st.integers(min_value=0, max_value=3))
        drawn["service"][name]["workers"] = [f"{number}.{n}" for n in range(101, 101 + workers)]
    for number, name in enumerate(("users", "upload", "feed"), 120):
        drawn["group"][name]["primary"] = _primaries(draw, name, number)
    drawn["store"]["kind"] = draw(st.sampled_from(["embedded", "external"]))
    if draw(st.booleans()):
        drawn["store"]["second"] = {"bucket": "other", "endpoint": "https://s3.example.com"}
    drawn["backup"]["kind"] = draw(st.sampled_from(["embedded", "external"]))
    drawn["backup"]["enabled"] = draw(st.booleans())
    network = draw(st.sampled_from([None, "127.99"]))
    return _topology(
        drawn, network, has_failover=draw(st.booleans()), is_watched=draw(st.booleans())
    )


def _primaries(draw: st.DrawFn, group: str, number: int) -> list[dict[str, Any]]:
    count = draw(st.sampled_from([1, 2, 4, 8]))
    return [
        {
            "name": f"{group}-{n}",
            "address": f"{number}.{n + 1}",
            "shards": [n * 64 // count, (n + 1) * 64 // count - 1],
            "replicas": [
                {"name": f"{group}-{n}-{r}", "address": f"{number}.{100 + 10 * n + r}"}
                for r in range(draw(st.integers(min_value=0, max_value=3)))
            ],
        }
        for n in range(count)
    ]


@pytest.fixture(scope="module", autouse=True)
def _hook() -> None:
    sys.addaudithook(_audit)


def test_the_same_topology_has_the_same_plan_and_nothing_is_read() -> None:
    global _EVENTS  # noqa: PLW0603 - the hook cannot be given anything
    topology = load_topology()
    _EVENTS = []
    try:
        first = plan_of(topology)
        events, _EVENTS = _EVENTS, None
    finally:
        _EVENTS = None
    assert events == []
    assert plan_of(load_topology()) == first


def test_the_hook_sees_what_is_read() -> None:
    global _EVENTS  # noqa: PLW0603
    _EVENTS = []
    try:
        load_topology()
        seen = list(_EVENTS)
    finally:
        _EVENTS = None
    assert "open" in seen


def test_planning_has_nothing_at_hand_that_could_read() -> None:
    allowed = {"collections", "collections.abc", "dataclasses", "typing", "urllib.parse"}
    # The drawing, and its error: a drawing may have no plan on its hosts.
    allowed |= {"infra.topology", "infra.topology_data", "infra.topology_tables"}
    for file in Path(infra.plan.__path__[0]).glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            assert not isinstance(node, ast.Import), file
            if isinstance(node, ast.ImportFrom):
                assert node.module in allowed or str(node.module).startswith("infra.plan."), file


@given(topologies())
def test_names_and_addresses_are_used_once(topology: Topology) -> None:
    plan = plan_of(topology)
    endpoints = [endpoint for process in plan.processes for endpoint in process.endpoints]
    for names in (
        [process.name for process in plan.processes],
        [volume.name for volume in plan.volumes],
        [name.host for name in plan.names],
        [secret.name for secret in plan.secrets],
        [job.name for job in plan.jobs],
        [database.name for database in plan.databases],
        endpoints,
    ):
        assert [name for name, times in Counter(names).items() if times > 1] == []
    assert plan.endpoints == set(endpoints)


@given(topologies())
def test_what_a_process_names_exists(topology: Topology) -> None:
    plan = plan_of(topology)
    volumes = {volume.name for volume in plan.volumes}
    secrets = {secret.name for secret in plan.secrets}
    for process in plan.processes:
        assert process.host in plan.hosts
        assert set(process.volumes) <= volumes, process.name
        assert set(process.secrets) <= secrets, process.name
    for job in plan.jobs:
        assert set(job.secrets) <= secrets, job.name
    assert volumes == {name for process in plan.processes for name in process.volumes}


@given(topologies())
def test_every_process_has_a_check_and_every_check_a_process(topology: Topology) -> None:
    plan = plan_of(topology)
    assert {process.name: process.kind for process in plan.processes} == {
        check.process: check.kind for check in plan.checks.values()
    }
    assert set(plan.checks) == {check.process for check in plan.checks.values()}


@given(topologies())
def test_an_internal_name_stands_for_processes(topology: Topology) -> None:
    plan = plan_of(topology)
    for name in plan.names:
        assert {(address, name.port) for address in name.addresses} <= plan.endpoints, name.host


@given(topologies())
def test_a_member_is_a_process_like_the_others_of_its_database(topology: Topology) -> None:
    plan = plan_of(topology)
    processes = {process.name: process for process in plan.processes}
    for database in plan.databases:
        servers = [processes[f"postgres-{member.name}"] for member in database.members]
        assert [server.server for server in servers] == [m.name for m in database.members]
        assert [member.index for member in database.members] == list(range(1, len(servers) + 1))
        listen = [(member.address, member.port) for member in database.members]
        assert [(server.address, server.port) for server in servers] == listen
        assert database.name == database.members[0].name
        assert len({server.secrets for server in servers}) == 1
        assert len({server.kind for server in servers}) == 1
    members = [f"postgres-{m.name}" for database in plan.databases for m in database.members]
    assert sorted(members) == sorted(p.name for p in plan.processes if p.kind == "postgres")


@given(topologies())
def test_services_and_redises_listen_where_their_processes_do(topology: Topology) -> None:
    plan = plan_of(topology)
    for service in plan.services.values():
        processes = [p for p in plan.processes if p.service == service.name]
        listen = [(a, service.port) for a in (*service.replicas, *service.workers)]
        assert [(p.address, p.port) for p in processes] == listen
        assert plan.internal_name(service.name).host == service.host
    for redis in plan.redises.values():
        process = plan.process(f"redis-{redis.name}")
        assert (process.server, process.address) == (redis.name, redis.address)
        assert process.port == redis.port
        assert plan.internal_name(f"{redis.name}.redis").host == redis.host


def _services_of(plan: Plan) -> set[str]:
    return {process.service for process in plan.processes if process.kind == "service"}


def test_every_service_with_databases_is_migrated_by_a_module_that_is_there() -> None:
    plan = plan_of(load_topology())
    assert {job.service for job in plan.jobs} == {database.service for database in plan.databases}
    assert {job.service for job in plan.jobs} < _services_of(plan)
    root = TOPOLOGY_FILE.parents[1]
    modules = [job.module for job in plan.jobs] + [p.module for p in plan.processes if p.module]
    for module in modules:
        assert (root / module.replace(".", "/")).with_suffix(".py").exists(), module
