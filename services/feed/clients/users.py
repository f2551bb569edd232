"""users.internal: who follows whom, and who may see what."""

from typing import cast

from shared.contracts.people import Cards, IdPage
from shared.web.service_client import ServiceClient

# What users answers at a time.
IDS_PAGE_MAX = 10_000


class UsersClient:
    """The calls of feed to users."""

    def __init__(self, service: ServiceClient) -> None:
        self._service = service

    async def follower_ids(self, user_id: int, *, after: int) -> IdPage:
        """The next 10,000 followers in ascending order of their ids."""
        return await self._ids(f"/users/{user_id}/follower-ids", after)

    async def following_ids(self, user_id: int) -> list[int]:
        """Whom a person follows: 10,000 at most, which bounds what a rebuild reads."""
        page = await self._ids(f"/users/{user_id}/following-ids", 0)
        return page["ids"]

    async def may_view(self, author_id: int, *, viewer_id: int) -> bool:
        """May the viewer see what this person publishes?"""
        reply = await self._service.post(
            "/cards", {"ids": [author_id]}, viewer_id=viewer_id, idempotent=True, timeout_ms=2_000
        )
        card = cast(Cards, reply)["cards"].get(str(author_id))
        return card is not None and card["may_view"]

    async def _ids(self, path: str, after: int) -> IdPage:
        reply = await self._service.get(path, params={"after": after, "limit": IDS_PAGE_MAX})
        return cast(IdPage, reply)
