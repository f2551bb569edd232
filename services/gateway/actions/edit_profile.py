"""Changing the own profile; the reply is the whole of it, number of posts included."""

from collections.abc import Sequence
from typing import Any

from services.gateway.actions.read_profile import posts_count
from services.gateway.clients.feed import FeedClient
from services.gateway.clients.users import UsersClient
from shared.contracts.people import Profile


async def edit_profile(
    users: UsersClient,
    feed: FeedClient,
    changes: dict[str, Any],
    viewer_id: int,
    versions: Sequence[int] | None = None,
) -> tuple[Profile, int | None]:
    """The profile as it is now; raises Conflict and Invalid as users does."""
    # Not at the same time: the failure of a mere count must not cancel the change.
    profile = await users.edit_me(changes, viewer_id, versions)
    return profile, await posts_count(feed, viewer_id, viewer_id)
