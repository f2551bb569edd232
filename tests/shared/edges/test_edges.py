"""Edges cross shards, and both sides agree eventually."""

import asyncio
import itertools
import random
from collections.abc import Collection

import pytest

from shared.edges.edges import EdgeCounts, Edges
from shared.edges.mirror import EdgeChange, EdgeMirror
from shared.errors import Invalid, Unavailable
from shared.jobs.outbox_relay import OutboxRelay
from shared.sharding.shard_group import EdgeEnds, ShardGroup
from shared.sql_files import parse_query
from tests.shared.shard_groups import SHARD_COUNT

_numbers = itertools.count(1_000_000)

TRUTH = parse_query(
    "truth", "SELECT state, version FROM :schema.edge_out WHERE src = :src AND dst = :dst"
)
MIRRORED = parse_query(
    "mirrored", "SELECT state, version FROM :schema.edge_in WHERE src = :src AND dst = :dst"
)
WAITING = parse_query("waiting", "SELECT payload FROM :schema.outbox WHERE topic = 'edge'")


def person(shard: int | None = None) -> int:
    """Return an unused id, of the given shard or of any."""
    number = next(_numbers)
    return (number << 23) | ((number % SHARD_COUNT if shard is None else shard) << 10)


@pytest.fixture
def follows(group: ShardGroup) -> Edges:
    return Edges(group, "follow")


async def test_a_put_edge_is_seen_from_both_ends(follows: Edges) -> None:
    alice, bob = person(0), person(7)
    made = await follows.put(alice, bob)
    assert (made.state, made.changed) == ("active", True)
    assert await follows.states(alice, [bob, person()]) == {bob: "active"}
    assert await follows.states_in(bob, [alice]) == {alice: "active"}
    assert await follows.counts([alice, bob]) == {alice: EdgeCounts(0, 1), bob: EdgeCounts(1, 0)}


async def test_the_same_again_changes_nothing(follows: Edges) -> None:
    alice, bob = person(), person()
    first = await follows.put(alice, bob)
    again = await follows.put(alice, bob)
    assert (again.state, again.version, again.changed) == ("active", first.version, False)
    assert await follows.counts([bob]) == {bob: EdgeCounts(1, 0)}


async def test_a_removed_edge_is_gone_from_both_ends(follows: Edges) -> None:
    alice, bob = person(), person()
    made = await follows.put(alice, bob)
    removed = await follows.remove(alice, bob)
    assert (removed.state, removed.changed) == ("removed", True)
    assert removed.version > made.version
    assert await follows.states(alice, [bob]) == {}
    assert await follows.states_in(bob, [alice]) == {}
    assert await follows.counts([alice, bob]) == {alice: EdgeCounts(), bob: EdgeCounts()}


async def test_removing_what_never_was_leaves_no_trace(follows: Edges, group: ShardGroup) -> None:
    alice, bob = person(), person()
    removed = await follows.remove(alice, bob)
    assert (removed.state, removed.version, removed.changed) == ("removed", 0, False)
    assert await group.reader(group.shard_of(alice)).row(TRUTH, src=alice, dst=bob) is None


async def test_kinds_do_not_mix(follows: Edges, group: ShardGroup) -> None:
    alice, bob = person(), person()
    await follows.put(alice, bob)
    blocks = Edges(group, "block")
    assert await blocks.states(alice, [bob]) == {}
    assert await blocks.counts([bob]) == {bob: EdgeCounts()}


async def test_only_active_edges_count_and_are_listed(follows: Edges) -> None:
    alice, bob = person(), person()
    await follows.put(alice, bob, "requested")
    assert await follows.states(alice, [bob]) == {bob: "requested"}
    assert await follows.counts([alice, bob]) == {alice: EdgeCounts(), bob: EdgeCounts()}
    assert (await follows.page_of_sources(bob, limit=10, cursor=None)).ids == []
    await follows.put(alice, bob)
    assert await follows.counts([alice, bob]) == {alice: EdgeCounts(0, 1), bob: EdgeCounts(1, 0)}
    assert (await follows.page_of_sources(bob, limit=10, cursor=None)).ids == [alice]


async def test_a_state_replaces_only_those_it_may(follows: Edges) -> None:
    alice, bob = person(), person()
    refused = await follows.put(alice, bob, replacing=["requested"])
    assert (refused.state, refused.changed) == ("removed", False)
    await follows.put(alice, bob, "requested", replacing=["removed"])
    assert (await follows.put(alice, bob, replacing=["requested"])).changed
    kept = await follows.put(alice, bob, "requested", replacing=["removed"])
    assert (kept.state, kept.changed) == ("active", False)


async def test_an_edge_of_an_undone_transaction_never_was(
    follows: Edges, group: ShardGroup
) -> None:
    alice, bob = person(), person()

    async def put_and_fail() -> None:
        async with group.writer(group.shard_of(alice)) as tx:
            await follows.put(alice, bob, tx=tx)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await put_and_fail()
    assert await follows.states(alice, [bob]) == {}
    assert await follows.states_in(bob, [alice]) == {}


async def test_two_hundred_at_once_on_one_pair_end_in_one_state_on_both_sides(
    follows: Edges, group: ShardGroup
) -> None:
    alice, bob = person(1), person(6)
    toggles = [follows.put, follows.remove] * 100
    random.Random(1).shuffle(toggles)
    await asyncio.gather(*(toggle(alice, bob) for toggle in toggles))
    await drain(group, 1)

    truth = await group.reader(1).row(TRUTH, src=alice, dst=bob)
    mirrored = await group.reader(6).row(MIRRORED, src=alice, dst=bob)
    assert truth is not None
    assert truth == mirrored
    active = int(truth["state"] == "active")
    assert await follows.counts([alice, bob]) == {
        alice: EdgeCounts(0, active),
        bob: EdgeCounts(active, 0),
    }


async def test_edges_that_cross_one_another_at_once_do_not_deadlock(follows: Edges) -> None:
    people = [person() for _ in range(6)]
    pairs = [(one, other) for one in people for other in people if one != other]
    await asyncio.gather(*(follows.put(one, other) for one, other in pairs * 3))
    counts = await follows.counts(people)
    assert set(counts.values()) == {EdgeCounts(5, 5)}


async def test_a_late_message_does_not_bring_an_edge_back(group: ShardGroup) -> None:
    follows, mirror = Edges(group, "follow"), EdgeMirror(group)
    alice, bob = person(2), person(3)
    made = await follows.put(alice, bob)
    await follows.remove(alice, bob)
    await mirror.apply(3, [EdgeChange("follow", alice, bob, "active", made.version)])
    assert await follows.states_in(bob, [alice]) == {}
    assert await follows.counts([bob]) == {bob: EdgeCounts()}


async def test_a_batch_for_one_end_applies_the_newest_of_each_edge(group: ShardGroup) -> None:
    bob, fans = person(4), [person() for _ in range(300)]
    changes = [
        EdgeChange("follow", fan, bob, state, version)
        for fan in fans
        for version, state in enumerate(["active", "removed", "active"], start=1)
    ]
    random.Random(2).shuffle(changes)
    mirror = EdgeMirror(group)
    await mirror.apply(4, changes)
    await mirror.apply(4, changes[:50])
    assert await Edges(group, "follow").counts([bob]) == {bob: EdgeCounts(300, 0)}


async def test_what_was_not_mirrored_at_once_is_mirrored_by_the_relay(group: ShardGroup) -> None:
    follows = Edges(group, "follow")
    alice, bob = person(0), person(5)
    async with group.writer(0) as tx:
        await follows.put(alice, bob, tx=tx)
        tx.after_commit.clear()
    assert await follows.states_in(bob, [alice]) == {}
    await drain(group, 0)
    assert await follows.states_in(bob, [alice]) == {alice: "active"}
    assert await group.reader(0).rows(WAITING) == []


async def test_an_edge_that_was_mirrored_at_once_leaves_nothing_to_relay(
    follows: Edges, group: ShardGroup
) -> None:
    alice, bob = person(4), person(5)
    await follows.put(alice, bob)
    waiting = await group.reader(4).rows(WAITING)
    assert [row for row in waiting if row["payload"]["src"] == alice] == []


async def test_pages_are_newest_first_and_skip_nothing_while_edges_come_and_go(
    follows: Edges,
) -> None:
    bob, fans = person(), [person() for _ in range(60)]
    for fan in fans:
        await follows.put(fan, bob)
    seen: list[int] = []
    cursor = None
    for number in itertools.count():
        page = await follows.page_of_sources(bob, limit=7, cursor=cursor)
        seen += page.ids
        if page.next_cursor is None:
            break
        cursor = page.next_cursor
        await follows.put(person(), bob)
        await follows.remove(fans[number], bob)
    assert [fan for fan in seen if fan in fans] == [
        fan for fan in reversed(fans) if fan in set(seen)
    ]
    # Only edges removed before their page was read are missing.
    assert set(fans) - set(seen) <= set(fans[: number + 1])
    assert len(seen) == len(set(seen))


async def test_both_directions_have_pages(follows: Edges) -> None:
    alice, targets = person(), [person() for _ in range(5)]
    for target in targets:
        await follows.put(alice, target)
    first = await follows.page_of_targets(alice, limit=3, cursor=None)
    second = await follows.page_of_targets(alice, limit=3, cursor=first.next_cursor)
    assert first.ids + second.ids == targets[::-1]
    assert second.next_cursor is None


async def test_ids_go_upwards_page_by_page(follows: Edges) -> None:
    bob, fans = person(), [person() for _ in range(5)]
    for fan in random.Random(3).sample(fans, 5):
        await follows.put(fan, bob)
    first = await follows.source_ids(bob, after=0, limit=3)
    second = await follows.source_ids(bob, after=first[-1], limit=3)
    assert first + second == sorted(fans)
    assert await follows.target_ids(fans[0], after=0, limit=10) == [bob]


@pytest.mark.parametrize("cursor", ["", "x", "1", "1.2.3", "-1.2", "f" * 17 + ".1"])
async def test_a_cursor_of_somebody_else_is_refused(follows: Edges, cursor: str) -> None:
    with pytest.raises(Invalid):
        await follows.page_of_sources(person(), limit=3, cursor=cursor)


async def drain(group: ShardGroup, shard: int) -> None:
    await OutboxRelay(group, {}).drain(shard)


async def test_who_watches_edges_is_told_until_it_could_act(
    group: ShardGroup, follows: Edges, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice, bob = person(0), person(7)
    told: list[EdgeEnds] = []
    acts = False

    async def watcher(edges: Collection[EdgeEnds]) -> None:
        told.extend(edges)
        if not acts:
            raise Unavailable

    monkeypatch.setattr(group, "edge_watchers", [watcher])
    await follows.put(alice, bob)
    # The watcher is called after both commits. It could not act, so the event stays.
    assert told == [EdgeEnds("follow", alice, bob)] * 2
    assert await follows.states_in(bob, [alice]) == {alice: "active"}
    acts = True
    await OutboxRelay(group, {}).drain(0)
    assert len(told) == 3
    assert await group.rows_across(WAITING, {0}) == []
    assert await follows.counts([bob]) == {bob: EdgeCounts(1, 0)}
