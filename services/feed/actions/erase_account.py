"""Takes an account that is being deleted out of feed, a page at a time."""

from services.feed.actions.clear_post import take_likes_back
from services.feed.actions.withdraw_post import withdraw_own_post
from services.feed.domain.skeletons import ABOVE_ALL
from services.feed.store.erasures import forget_account, received_likes
from services.feed.store.home_timelines import HomeTimelines
from services.feed.store.post_bodies import PostBodies
from services.feed.store.posts import Posts
from shared.sharding.edges import Edges
from shared.sharding.shard_group import ShardGroup

# A post or a like takes some milliseconds, and the caller waits ten seconds at most.
PAGE_MAX = 100


async def erase_account(
    group: ShardGroup,
    posts: Posts,
    bodies: PostBodies,
    likes: Edges,
    timelines: HomeTimelines,
    user_id: int,
) -> bool:
    """Withdraw a page of posts, take a page of likes back; True once there is nothing left.

    May be repeated, before and after the end. Raises Unavailable: then it is to come again.
    """
    await timelines.drop(user_id)
    page = await posts.page_of_author(user_id, before=ABOVE_ALL, limit=PAGE_MAX, viewer_id=user_id)
    for body in page:
        await withdraw_own_post(group, bodies, body["id"], user_id)
    liked = await likes.target_ids(user_id, after=0, limit=PAGE_MAX)
    for post_id in liked:
        await likes.remove(user_id, post_id)
    received = await received_likes(group, user_id, PAGE_MAX)
    await take_likes_back(likes, received)
    if page or liked or received:
        return False
    await forget_account(group, user_id)
    return True
