"""More processes than the machine and its databases bear are refused, with the reason."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.plan.planning import plan_of
from infra.scaling.counts import counts_of, scaled
from infra.scaling.room import CONNECTIONS_KEPT, LISTENERS_OF_WORKER, Machine, room_of, rooms_of
from infra.scaling.scale import going_names
from infra.sizing import REDIS_CLIENTS_MAX
from infra.topology import load_topology
from shared.caching.redis_client import CONNECTIONS_MAX

GIB = 1024**3
DRAWN = load_topology(network="127.99")
PLAN = plan_of(DRAWN)
LARGE = Machine(64, 256 * GIB, 200 * GIB, {})
ROLES = sorted(counts_of(PLAN))


def test_processors_bound_what_runs_on_them() -> None:
    room = room_of(PLAN, PLAN, replace(LARGE, processors=2), "feed")
    assert (room.most, room.why) == (4, "2 processors have room for 4 processes of a kind")


def test_a_quota_of_processors_bounds_too() -> None:
    room = room_of(PLAN, PLAN, replace(LARGE, processors=1.5), "feed")
    assert (room.most, room.why) == (3, "1.5 processors have room for 3 processes of a kind")


def test_memory_bounds_by_the_size_of_what_runs() -> None:
    machine = Machine(64, 100_000_000, 30_000_000, {"feed": 5_000_000})
    room = room_of(PLAN, PLAN, machine, "feed")
    # 30 MB are free, of which a tenth of all memory is kept.
    assert room.most == 2 + 4
    assert room.why.startswith("20 MB of memory are free beyond the 10 MB that are kept")


def test_connections_bound_instances_and_workers_together() -> None:
    limits = PLAN.limits
    free = limits.postgres_connections_max - CONNECTIONS_KEPT
    for workers in (1, 5):
        plan = plan_of(scaled(DRAWN, {"feed-worker": workers}))
        most = room_of(plan, PLAN, LARGE, "feed").most
        held = most * limits.postgres_pool_max
        held += workers * (limits.postgres_pool_max + LISTENERS_OF_WORKER)
        assert held <= free < held + limits.postgres_pool_max


def test_the_connections_of_redis_bound_gateways() -> None:
    room = room_of(PLAN, PLAN, LARGE, "gateway")
    assert room.most * CONNECTIONS_MAX <= REDIS_CLIENTS_MAX < (room.most + 1) * CONNECTIONS_MAX
    assert room.why.startswith("the Redis of gateway")


def test_what_is_drawn_or_runs_is_never_too_many() -> None:
    plan = plan_of(scaled(DRAWN, {"users": 9}))
    poor = Machine(1, GIB, 0, {})
    assert room_of(plan, PLAN, poor, "users").most == 9
    assert room_of(PLAN, PLAN, poor, "users").most == 2


@pytest.mark.parametrize(("role", "least"), [("feed", 2), ("gateway", 2), ("feed-worker", 1)])
def test_a_service_keeps_two_processes_and_a_worker_one(role: str, least: int) -> None:
    assert room_of(PLAN, PLAN, LARGE, role).least == least


def test_a_service_that_is_drawn_with_one_process_may_keep_one() -> None:
    drawn = plan_of(scaled(DRAWN, {"feed": 1}))
    assert room_of(PLAN, drawn, LARGE, "feed").least == 1


@given(st.integers(1, 8), st.integers(0, 10**12), st.sampled_from(ROLES))
def test_a_role_always_has_room_for_what_it_has(processors: int, free: int, role: str) -> None:
    room = room_of(PLAN, PLAN, Machine(processors, 10**12, free, {}), role)
    assert room.least <= room.count <= room.most
    assert room.why


def test_every_role_has_its_room() -> None:
    assert [room.role for room in rooms_of(PLAN, PLAN, LARGE)] == list(counts_of(PLAN))


def test_only_processes_of_the_role_itself_go() -> None:
    known = ["feed-1", "feed-2", "feed-3", "feed-worker-2", "postgres-feed-a", "redis-feed"]
    assert going_names("feed", known, {"feed-1", "feed-2"}) == ["feed-3"]
    assert going_names("feed-worker", known, set()) == ["feed-worker-2"]
