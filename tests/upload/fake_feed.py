"""A fake of feed that is told about photos."""

from typing import cast

from services.upload.clients.feed import FeedClient
from shared.contracts.stream import PhotoEnd
from shared.errors import Unavailable


class FakeFeed:
    """Records what it is told; `is_away` makes it unavailable."""

    def __init__(self, *, is_away: bool = False) -> None:
        self.is_away = is_away
        self.ends: list[PhotoEnd] = []

    def client(self) -> FeedClient:
        """The client that a worker calls."""
        return cast(FeedClient, self)

    def states_by_photo(self) -> dict[int, str]:
        """The last state told, by photo id."""
        return {end["photo_id"]: end["state"] for end in self.ends}

    async def tell_of_photo(self, end: PhotoEnd) -> None:
        """The same call as the client's."""
        if self.is_away:
            raise Unavailable
        self.ends.append(end)
