"""A stand-in for feed and upload: it takes events and erasures, or is away."""

from typing import Any

import httpx
import orjson


class FakeFeed:
    """Keeps what it is told; `is_away` makes it answer 503."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.is_away = False
        self.erased: list[str] = []

    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self._answer)

    def events_of(self, actor_id: int) -> list[dict[str, Any]]:
        """Each once, though some are told twice: at once, and by the relay."""
        told = [event for event in self.events if event["actor_id"] == actor_id]
        return [event for place, event in enumerate(told) if event not in told[:place]]

    def _answer(self, request: httpx.Request) -> httpx.Response:
        if self.is_away:
            return httpx.Response(503)
        if request.url.path.endswith("/erase"):
            # Each account takes two pages.
            self.erased.append(str(request.url))
            finished = self.erased.count(str(request.url)) > 1
            return httpx.Response(200, json={"finished": finished})
        assert (request.method, request.url.path) == ("POST", "/events")
        self.events += orjson.loads(request.content)["events"]
        return httpx.Response(204)
