"""Calls users about follows, cards and visibility."""

import asyncio
from collections.abc import Sequence

from shared.contracts.people import Card, Cards, IdPage, UserIds
from shared.service_client.client import ServiceClient

# The largest page or batch that users answers.
IDS_PAGE_MAX = 10_000
CARDS_MAX = 200


class UsersClient:
    """Feed's calls to users."""

    def __init__(self, service: ServiceClient) -> None:
        self._service = service

    async def follower_ids(self, user_id: int, *, after: int) -> IdPage:
        """The next 10,000 followers, in ascending order of ids."""
        return await self._ids(f"/users/{user_id}/follower-ids", after)

    async def following_ids(self, user_id: int) -> list[int]:
        """The followees of a user, at most 10,000, which bounds the cost of a rebuild."""
        page = await self._ids(f"/users/{user_id}/following-ids", 0)
        return page["ids"]

    async def cards(self, ids: Sequence[int], *, viewer_id: int) -> dict[int, Card]:
        """The cards of those users whom the viewer may know of; 200 per call, in parallel."""
        parts = [ids[start : start + CARDS_MAX] for start in range(0, len(ids), CARDS_MAX)]
        found = await asyncio.gather(*(self._cards(part, viewer_id) for part in parts))
        return {int(user_id): card for cards in found for user_id, card in cards.items()}

    async def ids_by_usernames(self, names: Sequence[str], *, viewer_id: int) -> dict[str, int]:
        """Ids of at most 30 usernames, without users the viewer may not know of."""
        reply: UserIds = await self._service.post(
            "/usernames",
            {"usernames": list(names)},
            viewer_id=viewer_id,
            idempotent=True,
            timeout_ms=2_000,
        )
        return reply["ids"]

    async def may_view(self, author_id: int, *, viewer_id: int) -> bool:
        """Whether the viewer may see this author's posts."""
        card = (await self._cards([author_id], viewer_id)).get(str(author_id))
        return card is not None and card["may_view"]

    async def _cards(self, ids: Sequence[int], viewer_id: int) -> dict[str, Card]:
        reply: Cards = await self._service.post(
            "/cards", {"ids": list(ids)}, viewer_id=viewer_id, idempotent=True, timeout_ms=2_000
        )
        return reply["cards"]

    async def _ids(self, path: str, after: int) -> IdPage:
        reply: IdPage = await self._service.get(
            path, params={"after": after, "limit": IDS_PAGE_MAX}
        )
        return reply
