"""Profiles with their numbers of posts: users has the one, feed the other."""

from prometheus_client import Counter

from services.gateway.actions.side_by_side import side_by_side
from services.gateway.clients.feed import FeedClient
from services.gateway.clients.users import UsersClient
from shared.contracts.people import Profile
from shared.errors import Unavailable

_WITHOUT_COUNT = Counter(
    "retrato_gateway_profiles_without_count_total",
    "Profiles without a number of posts, because feed did not answer.",
)


async def read_profile(
    users: UsersClient, feed: FeedClient, user_id: int, viewer_id: int
) -> tuple[Profile, int | None]:
    """The profile and its number of posts, asked in parallel; raises NotFound."""
    return await side_by_side(
        users.profile(user_id, viewer_id=viewer_id), posts_count(feed, user_id, viewer_id)
    )


async def read_profile_by_username(
    users: UsersClient, feed: FeedClient, username: str, viewer_id: int
) -> tuple[Profile, int | None]:
    """Like `read_profile`, but in sequence: feed needs the id that users returns."""
    profile = await users.profile_by_username(username, viewer_id=viewer_id)
    return profile, await posts_count(feed, profile["id"], viewer_id)


async def read_me(
    users: UsersClient, feed: FeedClient, viewer_id: int
) -> tuple[Profile, int | None]:
    """The viewer's profile with its private fields, and its number of posts."""
    return await side_by_side(users.me(viewer_id), posts_count(feed, viewer_id, viewer_id))


async def posts_count(feed: FeedClient, user_id: int, viewer_id: int) -> int | None:
    """The number of posts, or None while feed does not answer."""
    try:
        return await feed.posts_count(user_id, viewer_id=viewer_id)
    except Unavailable:
        # The viewer loses one number rather than the whole profile.
        _WITHOUT_COUNT.inc()
        return None
