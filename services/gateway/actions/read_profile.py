"""A profile with its number of posts: users knows the one, feed the other."""

from prometheus_client import Counter

from services.gateway.actions.side_by_side import side_by_side
from services.gateway.clients.feed import FeedClient
from services.gateway.clients.users import UsersClient
from shared.contracts.people import Profile
from shared.errors import Unavailable

_WITHOUT_COUNT = Counter(
    "retrato_profiles_without_posts_count",
    "Profiles shown without their number of posts, because feed did not answer.",
)


async def read_profile(
    users: UsersClient, feed: FeedClient, user_id: int, viewer_id: int
) -> tuple[Profile, int | None]:
    """The profile and its number of posts, asked for at the same time; raises NotFound."""
    return await side_by_side(
        users.profile(user_id, viewer_id=viewer_id), posts_count(feed, user_id, viewer_id)
    )


async def read_profile_by_username(
    users: UsersClient, feed: FeedClient, username: str, viewer_id: int
) -> tuple[Profile, int | None]:
    """As `read_profile`, but one call after the other: the id is not known before."""
    profile = await users.profile_by_username(username, viewer_id=viewer_id)
    return profile, await posts_count(feed, profile["id"], viewer_id)


async def read_me(
    users: UsersClient, feed: FeedClient, viewer_id: int
) -> tuple[Profile, int | None]:
    """The viewer's own profile with the private fields, and its number of posts."""
    return await side_by_side(users.me(viewer_id), posts_count(feed, viewer_id, viewer_id))


async def posts_count(feed: FeedClient, user_id: int, viewer_id: int) -> int | None:
    """How many posts, or None while feed does not answer."""
    try:
        return await feed.posts_count(user_id, viewer_id=viewer_id)
    except Unavailable:
        # The viewer loses one number; a person's page is worth more than that.
        _WITHOUT_COUNT.inc()
        return None
