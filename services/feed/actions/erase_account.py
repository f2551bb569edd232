"""Removes a deleted account's data from feed, one page at a time."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from services.feed.actions.clear_post import remove_comments, remove_reactions
from services.feed.actions.fan_out import Destinations
from services.feed.actions.unlink_account import unlink_account
from services.feed.actions.withdraw_post import withdraw_own_post
from services.feed.domain.edge_kinds import COMMENT_LIKE
from services.feed.domain.skeletons import ABOVE_ALL
from services.feed.store.activities import forget_activities_about, forget_activities_of
from services.feed.store.comments import Comments
from services.feed.store.erasures import (
    comments_of_account,
    forget_account,
    forget_posts,
    forget_requests_in,
    received_reactions,
    withdrawn_posts,
)
from services.feed.store.graph_versions import forget_versions_about
from services.feed.store.post_bodies import PostBodies
from services.feed.store.post_reactions import PostReactions
from services.feed.store.posts import own_page_of_author
from services.feed.store.reports import forget_reports_naming
from shared.edges.edges import Edges
from shared.sharding.outbox import outbox_names
from shared.sharding.shard_group import ShardGroup

# A post or a like takes some milliseconds, and the caller waits at most ten seconds.
PAGE_MAX = 100


@dataclass(frozen=True, slots=True)
class Published:
    """The stores of what people publish: cached post bodies, comments, reactions."""

    bodies: PostBodies
    comments: Comments
    reactions: PostReactions


async def erase_account(
    group: ShardGroup,
    published: Published,
    edges: Mapping[str, Edges],
    to: Destinations,
    user_id: int,
) -> bool:
    """Remove one page of posts, reactions, comments, reports and links; True when none is left.

    `edges` are those that start at a user, by kind. Repeating it does no harm, even after the end.
    Raises Unavailable; the caller then asks again.
    """
    await to.timelines.drop(user_id)
    await to.author_timelines.drop(user_id)
    await published.reactions.forget_viewer(user_id)
    page = await own_page_of_author(
        group,
        user_id,
        before=ABOVE_ALL,
        limit=PAGE_MAX,
    )
    for body in page:
        await withdraw_own_post(group, published.bodies, body["id"], user_id)
    marked = await _remove_reactions(group, edges, user_id)
    commented = await _remove_comments(group, published.comments, edges[COMMENT_LIKE], user_id)
    reported = await forget_reports_naming(group, user_id, PAGE_MAX)
    linked = await unlink_account(group, published.bodies, user_id, PAGE_MAX)
    if page or marked or commented or reported or linked:
        return False
    if await outbox_names(group, user_id):
        # An event that is delivered later would tell others of the account again.
        return False
    while post_ids := await withdrawn_posts(group, user_id, PAGE_MAX):
        # The job that clears a withdrawn post may not have run yet.
        await forget_activities_about(group, post_ids)
        await forget_posts(group, user_id, post_ids)
    await forget_activities_of(group, user_id)
    await forget_versions_about(group, user_id)
    await forget_account(group, user_id)
    return True


async def _remove_reactions(group: ShardGroup, edges: Mapping[str, Edges], user_id: int) -> bool:
    """Remove the account's own reactions and those that its posts and comments received."""
    pairs: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for kind, of_kind in edges.items():
        targets = await of_kind.target_ids(user_id, after=0, limit=PAGE_MAX)
        pairs[kind] += [(user_id, target_id) for target_id in targets]
    for reaction in await received_reactions(group, user_id, PAGE_MAX):
        pairs[reaction.kind].append((reaction.user_id, reaction.target_id))
    for kind, reactions in pairs.items():
        await remove_reactions(edges[kind], reactions)
    return any(pairs.values())


async def _remove_comments(
    group: ShardGroup, comments: Comments, likes: Edges, user_id: int
) -> bool:
    """Remove the account's comments with their replies, and all comments under its posts."""
    ids_by_shard = await comments_of_account(group, user_id, PAGE_MAX)
    for shard, ids in ids_by_shard.items():
        await comments.delete(ids)
        await remove_comments(likes, comments, ids)
        await forget_requests_in(group, shard, user_id)
    return bool(ids_by_shard)
