"""A stand-in for feed: it is told what has become of photos."""

from typing import cast

from services.upload.clients.feed import FeedClient
from shared.contracts.stream import PhotoEnd
from shared.errors import Unavailable


class FakeFeed:
    """Keeps what it is told; while it `is_away` it says so."""

    def __init__(self, *, is_away: bool = False) -> None:
        self.is_away = is_away
        self.ends: list[PhotoEnd] = []

    def client(self) -> FeedClient:
        """What a worker calls."""
        return cast(FeedClient, self)

    def states_by_photo(self) -> dict[int, str]:
        """The last state that was told, by the photo's id."""
        return {end["photo_id"]: end["state"] for end in self.ends}

    async def tell_of_photo(self, end: PhotoEnd) -> None:
        """As the client does."""
        if self.is_away:
            raise Unavailable
        self.ends.append(end)
