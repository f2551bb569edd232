"""A replica answers only if it provably holds what the leader had, on the leader's timeline."""

from typing import NamedTuple

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import REGISTRY

from shared.sharding.leadership import Leadership
from shared.sharding.node_pool import NodePool
from shared.sharding.replica_lag import MemberState, ReplicaLag
from shared.sharding.shard_map import NodeAddress, Primary

A, B, C = (NodeAddress(f"{name}.postgres.test", 5432) for name in "abc")


class Said(NamedTuple):
    """What one sample finds: the members' states, and who stands in if the leader is silent."""

    states: dict[NodeAddress, MemberState]
    stand_in: NodeAddress | None


def leads(timeline: int, position: int) -> MemberState:
    return MemberState(follows=False, timeline=timeline, position=position)


def follows(timeline: int, position: int) -> MemberState:
    return MemberState(follows=True, timeline=timeline, position=position)


def lag_of(leadership: Leadership, *members: NodeAddress) -> ReplicaLag:
    async def nobody(**_options: object) -> asyncpg.Connection:
        raise ConnectionRefusedError

    pools = {member: NodePool("group", member.host, nobody, 1) for member in members}
    return ReplicaLag("group", leadership, pools)


def elected(*members: NodeAddress) -> Leadership:
    return Leadership("group", Primary("p", members, None))


LED = Said({A: leads(1, 10), B: follows(1, 10)}, B)


@pytest.mark.parametrize(
    "samples",
    [
        pytest.param([LED], id="all is well"),
        pytest.param([LED, Said({B: follows(1, 10)}, B)], id="the leader is silent"),
        pytest.param([Said({A: leads(1, 10), B: follows(1, 9)}, None)], id="it lacks the last"),
        pytest.param([LED, Said({A: leads(1, 11), B: follows(1, 10)}, None)], id="it falls behind"),
        pytest.param([Said({B: follows(1, 10)}, None)], id="nobody ever led"),
        pytest.param([LED, Said({A: leads(1, 10)}, None)], id="the replica is silent"),
        pytest.param(
            [LED, Said({B: leads(2, 12)}, None), Said({B: leads(2, 12), A: follows(1, 90)}, None)],
            id="the old leader is back, with more than the new one, and without its timeline",
        ),
        pytest.param(
            [LED, Said({B: leads(2, 12), A: follows(2, 12)}, A), Said({A: follows(2, 12)}, A)],
            id="the old leader follows the new one",
        ),
        pytest.param(
            [LED, Said({A: leads(1, 13), B: leads(2, 12)}, None)],
            id="two lead: the old one has not noticed",
        ),
        pytest.param(
            [LED, Said({B: leads(2, 12)}, None), Said({A: leads(1, 13), B: leads(2, 12)}, None)],
            id="the old leader thaws",
        ),
        pytest.param(
            [LED, Said({B: leads(2, 12)}, None), Said({A: leads(1, 13)}, None)],
            id="only the old leader answers",
        ),
        pytest.param(
            [LED, Said({A: follows(1, 10), B: follows(1, 10)}, B)], id="both follow for a moment"
        ),
        pytest.param(
            [LED, Said({B: follows(2, 11)}, None)], id="it follows a leader that nobody has seen"
        ),
        pytest.param(
            [
                Said({A: leads(1, 10), B: follows(1, 9), C: follows(1, 10)}, C),
                Said({B: leads(2, 11), C: follows(1, 11)}, None),
                Said({B: leads(2, 11), C: follows(2, 11)}, C),
            ],
            id="the third member follows later",
        ),
    ],
)
async def test_a_replica_stands_in_while_the_members_agree(samples: list[Said]) -> None:
    lag = lag_of(elected(A, B, C), A, B, C)
    for at_s, said in enumerate(samples):
        lag.weigh(float(at_s), said.states)
        pool = lag.stand_in()
        assert (pool and pool.name) == (said.stand_in and said.stand_in.host)


states = st.builds(
    MemberState, follows=st.booleans(), timeline=st.integers(1, 3), position=st.integers(0, 4)
)
samples = st.lists(st.dictionaries(st.sampled_from([A, B, C]), states), max_size=8)


@given(samples)
async def test_whoever_stands_in_holds_what_the_newest_leader_had(
    history: list[dict[NodeAddress, MemberState]],
) -> None:
    leadership = elected(A, B, C)
    lag = lag_of(leadership, A, B, C)
    led: MemberState | None = None
    for at_s, found in enumerate(history):
        before = leadership.timeline
        lag.weigh(float(at_s), found)
        assert leadership.timeline >= before
        now = found.get(leadership.leader)
        if now is not None and not now.follows and now.timeline == leadership.timeline:
            led = now
        pool = lag.stand_in()
        if pool is None:
            continue
        (member,) = (m for m in (A, B, C) if m.host == pool.name)
        assert led is not None
        assert (found[member].follows, found[member].timeline) == (True, led.timeline)
        assert found[member].position >= led.position
        assert all(state.timeline <= led.timeline for state in found.values())


async def test_a_lag_is_read_only_while_the_members_agree() -> None:
    lag = lag_of(elected(A, B), A, B)
    lag.weigh(0.0, LED.states)
    assert lag.lag_ms(B) < float("inf")
    assert lag.fresh_replica(10**12) is not None
    lag.weigh(1.0, {A: leads(1, 11), B: leads(2, 10)})
    assert lag.fresh_replica(10**12) is None


async def test_positions_of_the_old_timeline_prove_nothing_on_the_new_one() -> None:
    lag = lag_of(elected(A, B, C), A, B, C)
    lag.weigh(0.0, {A: leads(1, 10), B: follows(1, 9), C: follows(1, 9)})
    # The new timeline may have begun at 9, so whoever is at 11 on it may lack what A wrote at 10.
    lag.weigh(1.0, {B: leads(2, 12), C: follows(2, 11)})
    assert lag.lag_ms(C) == float("inf")
    lag.weigh(2.0, {B: leads(2, 12), C: follows(2, 12)})
    assert lag.lag_ms(C) < float("inf")


def test_a_timeline_has_one_leader() -> None:
    leadership = elected(A, B)
    assert leadership.accepts(A, 1)
    leadership.learn(A, 1)
    assert not leadership.accepts(B, 1)
    assert leadership.accepts(B, 2)
    leadership.learn(B, 2)
    assert [leadership.accepts(*claim) for claim in ((A, 1), (A, 2), (B, 2), (A, 3))] == [
        False,
        False,
        True,
        True,
    ]
    assert leadership.in_order() == [B, A]


def test_a_leader_that_the_map_names_is_believed() -> None:
    leadership = Leadership("group", Primary("p", (A, B), A))
    leadership.learn(A, 7)
    assert not leadership.is_elected
    assert leadership.accepts(A, 1)


def shown_lag_s(member: NodeAddress) -> float | None:
    labels = {"group": "group", "node": member.host}
    return REGISTRY.get_sample_value("retrato_postgres_replica_lag_seconds", labels)


async def test_who_is_promoted_shows_no_lag_and_who_follows_shows_its_own() -> None:
    leadership = elected(A, B)
    lag = lag_of(leadership, A, B)
    lag.weigh(1.0, {A: leads(1, 10), B: follows(1, 9)})
    assert (shown_lag_s(A), shown_lag_s(B)) == (0, float("inf"))
    lag.weigh(2.0, {B: leads(2, 12)})
    assert (shown_lag_s(A), shown_lag_s(B)) == (float("inf"), 0)
