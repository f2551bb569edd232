"""Sizes follow from the topology and the machine."""

from dataclasses import replace

import pytest

from infra.plan.parts import Plan
from infra.plan.planning import plan_of
from infra.sizing import EdgeSizes, Machine, at_work_max, edge_sizes
from infra.topology import load_topology

FILES = 65_536


def with_gateways(count: int) -> Plan:
    topology = load_topology()
    gateway = topology.services["gateway"]
    replicas = tuple(f"127.20.2.{number}" for number in range(1, count + 1))
    services = {**topology.services, "gateway": replace(gateway, replicas=replicas)}
    return plan_of(replace(topology, services=services))


def sizes(processors: int, files: int = FILES, gateways: int = 2) -> EdgeSizes:
    plan = with_gateways(gateways)
    return edge_sizes(plan, Machine(processors, files))


@pytest.mark.parametrize(("processors", "workers"), [(1, 2), (2, 2), (4, 4), (16, 8)])
def test_a_balancer_has_a_worker_for_each_processor_within_bounds(
    processors: int, workers: int
) -> None:
    assert sizes(processors) == EdgeSizes(
        workers=workers,
        files_per_worker=65_536,
        connections_per_worker=49_152,
        kept_connections=2_440,
        connections_per_address=12_288 * workers,
        requests_per_address=1_220,
        bodies_per_address=128,
        streams_per_address=2_560,
    )


@pytest.mark.parametrize("files", [4_096, 20_000, FILES])
def test_a_worker_never_has_more_connections_than_files(files: int) -> None:
    assert sizes(2, files).connections_per_worker < files == sizes(2, files).files_per_worker


def test_one_address_cannot_take_all_connections() -> None:
    derived = sizes(2)
    assert derived.connections_per_address < derived.connections_per_worker * derived.workers


@pytest.mark.parametrize(("gateways", "at_work"), [(2, 20), (3, 13), (4, 10)])
def test_gateways_share_what_the_services_behind_them_work_on(gateways: int, at_work: int) -> None:
    plan = with_gateways(gateways)
    assert at_work_max(plan, "feed") == 20
    assert at_work_max(plan, "gateway") == at_work


def test_a_service_works_on_as_many_as_its_databases_have_connections_for() -> None:
    plan = plan_of(load_topology())
    limits = replace(plan.limits, postgres_pool_max=8)
    assert at_work_max(replace(plan, limits=limits), "users") == 32
