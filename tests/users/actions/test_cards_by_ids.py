"""Cards of many people: few statements, each with the privacy decision."""

from services.users.actions.cards_by_ids import cards_by_ids
from services.users.actions.follow import follow
from services.users.resources import Resources
from shared.edges.edges import Edges
from shared.sql_files import parse_query
from tests.statements import noted_statements
from tests.users.cast import Cast


async def test_cards_come_in_the_order_asked_for_without_unknown_people(
    resources: Resources, cast: Cast
) -> None:
    alice, bob, carol = await cast.user_ids("alice", "bob", "carol")
    cards = await cards_by_ids(resources.group, alice, [carol, 2**50, alice, bob, carol])
    assert list(cards) == [carol, alice, bob]
    assert all(card["may_view"] for card in cards.values())


async def test_a_private_person_is_viewed_by_followers_only(
    resources: Resources, cast: Cast
) -> None:
    alice, bob, carol = await cast.user_ids("alice", "bob", "carol")
    await follow(resources.group, resources.follows, resources.feed, bob, alice)
    text = "UPDATE :schema.profile SET is_private = true WHERE user_id = :user_id"
    async with resources.group.writer(resources.group.shard_of(alice)) as tx:
        await tx.execute(parse_query("make_private", text), user_id=alice)
    may_view = {
        viewer: (await cards_by_ids(resources.group, viewer, [alice]))[alice]["may_view"]
        for viewer in (alice, bob, carol, None)
    }
    assert may_view == {alice: True, bob: True, carol: False, None: False}


async def test_a_block_leaves_each_out_of_the_others_cards(
    resources: Resources, cast: Cast
) -> None:
    alice, bob = await cast.user_ids("alice", "bob")
    await Edges(resources.group, "block").put(alice, bob)
    assert await cards_by_ids(resources.group, alice, [bob]) == {}
    assert await cards_by_ids(resources.group, bob, [alice]) == {}


async def test_any_number_of_people_takes_a_statement_per_primary_and_one_for_relations(
    resources: Resources, cast: Cast
) -> None:
    ids = [await cast.user_id("somebody") for _ in range(12)]
    with noted_statements() as statements:
        assert len(await cards_by_ids(resources.group, ids[0], ids)) == len(ids)
    assert len(statements) <= len(resources.group.primaries()) + 1
