"""Edits the viewer's profile; the reply is the whole profile with its number of posts."""

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
    """The new profile and its number of posts; raises Conflict and Invalid as users does."""
    # One after the other: a failed count must not cancel the edit.
    profile = await users.edit_me(changes, viewer_id, versions)
    return profile, await posts_count(feed, viewer_id, viewer_id)
