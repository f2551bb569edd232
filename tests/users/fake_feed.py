"""A stand-in for feed and upload: it takes events, erasures and avatars, or is away."""

from typing import Any

import httpx
import orjson

from shared.errors import NotFound
from shared.web.problems import MEDIA_TYPE, problem_body


class FakeFeed:
    """Keeps what it is told; `is_away` makes it answer 503."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.is_away = False
        self.erased: list[str] = []
        # Photos that can be claimed, by id, with whose they are.
        self.photos: dict[int, int] = {}
        self.told_of_photos: list[tuple[str, int]] = []

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
        if request.url.path.startswith("/photos/"):
            return self._answer_about_photos(request)
        assert (request.method, request.url.path) == ("POST", "/events")
        self.events += orjson.loads(request.content)["events"]
        return httpx.Response(204)

    def _answer_about_photos(self, request: httpx.Request) -> httpx.Response:
        (photo_id,) = orjson.loads(request.content)["photo_ids"]
        step = request.url.path.removeprefix("/photos/")
        if step != "claim":
            self.told_of_photos.append((step, photo_id))
            return httpx.Response(204)
        if photo_id not in self.photos:
            return _not_found()
        renditions = [
            {"name": name, "key": f"renditions/{photo_id}/{name}.jpg"}
            for name in ("large", "thumb")
        ]
        return httpx.Response(200, json={"photos": [{"id": photo_id, "renditions": renditions}]})


def _not_found() -> httpx.Response:
    body = orjson.dumps(problem_body(NotFound()))
    return httpx.Response(404, content=body, headers={"Content-Type": MEDIA_TYPE})
