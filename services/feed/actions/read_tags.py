"""Reads the posts of a tag, and finds tags by prefix."""

from services.feed.actions.show_posts import existing_posts, show_posts
from services.feed.domain.tags import tag_id, tags_begin, tags_named
from services.feed.store.post_bodies import PostBodies
from services.feed.store.post_reactions import PostReactions
from services.feed.store.tags import tags_beginning_with
from shared.contracts.posts import PostPage, TagsFound
from shared.edges.edges import Edges
from shared.sharding.shard_group import ShardGroup


async def read_tag_timeline(
    edges: Edges,
    bodies: PostBodies,
    reactions: PostReactions,
    tag: str,
    viewer_id: int,
    page: tuple[int, str | None, int | None],
) -> PostPage:
    """A page (limit, cursor, known post) of all authors' posts, the latest tagged first.

    With a known post, the page lies directly above it and its cursor leads upwards. If that post is
    not under the tag, it is the newest page. An impossible tag has no posts. Raises Invalid for a
    malformed cursor, and Unavailable.
    """
    names = tags_named(tag)
    if not names:
        return {"items": [], "next_cursor": None}
    limit, cursor, since = page
    ids = [tag_id(name) for name in names]
    found = None
    if since is not None:
        found = await edges.page_above_source(ids, since, limit=limit, cursor=cursor)
    if found is None:
        found = await edges.page_of_sources_of_any(ids, limit=limit, cursor=cursor)
    existing = await existing_posts(bodies, found.ids)
    # An edge may lag behind its post, and one id may stand for two names.
    tagged = [body for body in existing if not names.isdisjoint(body["hashtags"])]
    return {
        "items": await show_posts(reactions, tagged, viewer_id),
        "next_cursor": found.next_cursor,
    }


async def find_tags(group: ShardGroup, bodies: PostBodies, q: str, limit: int) -> TagsFound:
    """The most used tags first, each with the authors of its newest posts.

    A prefix that no tag can have finds none.
    """
    prefixes = tags_begin(q)
    if not prefixes:
        return {"items": []}
    found = await tags_beginning_with(group, prefixes, limit)
    hydrated = await bodies.find_many([post_id for tag in found for post_id in tag.newest])
    return {
        "items": [
            {
                "name": tag.name,
                "post_count": tag.post_count,
                "author_ids": sorted(
                    {
                        hydrated.bodies[post_id]["author_id"]
                        for post_id in tag.newest
                        if post_id in hydrated.bodies
                    }
                ),
            }
            for tag in found
        ]
    }
