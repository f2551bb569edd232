"""Feed erases a deleted account, one page at a time."""

from redis import asyncio as aioredis

from services.feed.actions import erase_account as action
from services.feed.actions.erase_account import Published, erase_account
from services.feed.actions.like_post import like_post
from services.feed.domain.activity import Deed
from services.feed.resources import Resources
from services.feed.store.activities import Told, newest_activities, note_activities
from services.feed.store.graph_versions import note_version
from services.feed.store.own_reactions import own_reactions_key
from services.feed.store.posts import bodies_by_ids, post_counts_by_authors
from shared.contracts.people import GraphEvent
from shared.errors import Unavailable
from shared.sql_files import parse_query
from tests.delivered_events import forget_events
from tests.feed.cast import Cast, new_id
from tests.feed.fake_users import FakeUsers
from tests.feed.feed_api import FeedApi

_RECORD = parse_query(
    "record",
    "INSERT INTO :schema.idempotency (scope, key, body_hash, attempt) VALUES (:scope, 'k', '', 1)",
)


async def _erase(resources: Resources, user_id: int) -> int:
    """Erase the account and return the number of pages."""
    for pages in range(1, 10):
        await forget_events(resources.group)
        if await _page(resources, user_id):
            return pages
    raise Unavailable


async def _page(resources: Resources, user_id: int) -> bool:
    return await erase_account(
        resources.group,
        Published(resources.bodies, resources.comments, resources.reactions),
        resources.edges(),
        resources.destinations(),
        user_id,
    )


async def test_what_the_account_only_read_leaves_no_copy_of_its_reactions(
    resources: Resources, redis: aioredis.Redis
) -> None:
    reader, post_id = new_id(), new_id()
    await resources.reactions.find([post_id], reader)
    assert await redis.exists(own_reactions_key(reader))
    await _erase(resources, reader)
    assert not await redis.exists(own_reactions_key(reader))


async def test_it_does_not_finish_before_the_events_about_the_account_are_delivered(
    resources: Resources,
) -> None:
    alice = new_id()
    async with resources.group.writer(resources.group.shard_of(alice)) as tx:
        await tx.publish("activity", {"actor_id": alice})
        await tx.publish("activity", {"actor_id": alice * 10})
    assert not await _page(resources, alice)
    await forget_events(resources.group)
    assert await _page(resources, alice)


async def test_erasing_removes_posts_likes_counts_and_the_timeline(
    cast: Cast, resources: Resources, fake_users: FakeUsers
) -> None:
    alice, bob = new_id(), new_id()
    fake_users.follow(alice, bob)
    fake_users.follow(bob, alice)
    of_alice = await cast.has_published(alice, 2)
    of_bob = await cast.has_published(bob, 1)
    await like_post(resources.group, resources.bodies, resources.likes, of_bob[0], alice)
    assert len(await cast.home_ids(alice)) == len(await cast.home_ids(bob)) == 3
    assert await _erase(resources, alice) == 2
    assert await cast.home_ids(bob) == of_bob
    assert await bodies_by_ids(resources.group, of_alice) == {}
    assert (await post_counts_by_authors(resources.group, [alice]))[alice] == 0
    assert (await resources.likes.counts(of_bob))[of_bob[0]].in_count == 0
    assert not await resources.timelines.exists(alice)


async def test_a_large_account_is_erased_in_several_pages(cast: Cast, resources: Resources) -> None:
    alice = new_id()
    await cast.has_published(alice, action.PAGE_MAX + 1)
    assert await _erase(resources, alice) == 3
    assert await _erase(resources, alice) == 1


async def test_comments_and_their_likes_and_saves_go_even_if_deleted_before(
    cast: Cast, resources: Resources
) -> None:
    alice, bob = new_id(), new_id()
    posts = await cast.has_published(bob, 3)
    kept = await cast.comments(bob, posts[0])
    written = [await cast.comments(alice, post) for post in posts]
    reply = await cast.comments(bob, posts[1], reply_to=written[1])
    await cast.deletes_comment(alice, written[2])
    await resources.comment_likes.put(alice, kept)
    await resources.saves.put(alice, posts[0])
    await _erase(resources, alice)
    assert list(await resources.comments.by_ids([kept, *written, reply])) == [kept]
    counts = (await resources.reactions.find(posts, alice)).comment_counts
    assert [counts.get(post, 0) for post in posts] == [1, 0, 0]
    assert (await resources.comment_likes.counts([kept]))[kept].in_count == 0
    assert (await resources.reactions.find(posts, alice)).saved == frozenset()
    for post in posts:
        assert await _rows_by(resources, alice, post) == 0


async def test_reactions_of_others_to_the_accounts_posts_go_before_it_is_finished(
    cast: Cast, resources: Resources
) -> None:
    alice, bob = new_id(), new_id()
    post = await cast.publishes(alice)
    comment = await cast.comments(bob, post)
    await resources.comment_likes.put(bob, comment)
    await resources.likes.put(bob, post)
    await resources.saves.put(bob, post)
    await _erase(resources, alice)
    for edges in resources.edges().values():
        assert await edges.target_ids(bob, after=0, limit=10) == []
    assert await _rows_by(resources, bob, post) == 0
    assert (await resources.reactions.find([post], bob)).comment_counts == {post: 0}


async def _rows_by(resources: Resources, writer_id: int, post_id: int) -> int:
    shard = resources.group.shard_of(post_id)
    schema = resources.group.reader(shard).schema
    rows = await resources.group.primary_node(shard).fetch(
        f"SELECT count(*) FROM {schema}.comment WHERE writer_id = $1", (writer_id,)
    )
    return int(rows[0][0])


async def test_links_to_the_account_are_removed_from_texts_of_others(
    cast: Cast, resources: Resources, fake_users: FakeUsers
) -> None:
    alice, bob = new_id(), new_id()
    fake_users.ids_by_name["alice"] = alice
    post = await cast.publishes(bob, "with @alice #fog")
    comment = await cast.comments(bob, post, "@alice, you")
    body = await resources.bodies.find(post)
    assert body is not None
    assert str(alice) in [one.get("user_id") for one in body["entities"] or ()]
    await _erase(resources, alice)
    body = await resources.bodies.find(post)
    assert body is not None
    assert [one["kind"] for one in body["entities"] or ()] == ["hashtag"]
    assert (await resources.comments.by_ids([comment]))[comment]["entities"] == []
    shard = resources.group.shard_of(post)
    schema = resources.group.reader(shard).schema
    rows = await resources.group.primary_node(shard).fetch(
        f"SELECT count(*) FROM {schema}.idempotency WHERE reply::text LIKE $1", (f"%{alice}%",)
    )
    assert rows[0][0] == 0


async def test_the_route_says_when_it_has_finished(
    api: FeedApi, cast: Cast, resources: Resources
) -> None:
    alice = new_id()
    await cast.has_published(alice, 1)
    first = await api.post(f"/accounts/{alice}/erase", {})
    await forget_events(resources.group)
    second = await api.post(f"/accounts/{alice}/erase", {})
    assert (first.json(), second.json()) == ({"finished": False}, {"finished": True})


async def test_what_others_were_told_under_the_accounts_posts_goes_before_it_is_finished(
    cast: Cast, resources: Resources
) -> None:
    """The job that clears a withdrawn post runs seconds later, and here not at all."""
    alice, bob, carol = new_id(), new_id(), new_id()
    post = await cast.publishes(alice)
    deed = Deed("comment_like", new_id(), bob, post, 5)
    await note_activities(resources.group, [Told(carol, deed)])
    async with resources.group.writer(resources.group.shard_of(alice)) as tx:
        await tx.execute(_RECORD, scope=f"comment:{post}:{bob}")
    await _erase(resources, alice)
    assert await newest_activities(resources.group, carol) == []
    assert await _count(resources, "idempotency", "scope", f"comment:{post}:{bob}") == 0


async def test_versions_of_edges_to_the_account_go_too(resources: Resources) -> None:
    alice, bob = new_id(), new_id()
    for actor, subject in ((alice, bob), (bob, alice)):
        event: GraphEvent = {
            "id": new_id(),
            "kind": "follow",
            "actor_id": actor,
            "subject_id": subject,
            "version": 7,
        }
        assert await note_version(resources.group, event)
    await _erase(resources, alice)
    for column in ("actor_id", "subject_id"):
        assert await _count(resources, "graph_version", column, alice) == 0


async def _count(resources: Resources, table: str, column: str, value: object) -> int:
    count = 0
    for shard in resources.group.shards():
        schema = resources.group.reader(shard).schema
        rows = await resources.group.primary_node(shard).fetch(
            f"SELECT count(*) FROM {schema}.{table} WHERE {column} = $1", (value,)
        )
        count += rows[0][0]
    return count
