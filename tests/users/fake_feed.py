"""A fake of feed and upload: it records events, erasures and avatars, or is away."""

from typing import Any

import httpx
import orjson

from shared.errors import NotFound
from shared.http_server.problems import MEDIA_TYPE, problem_body


class FakeFeed:
    """Records what it is told; `is_away` makes it reply 503."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.is_away = False
        self.erased: list[str] = []
        # Photos that can be claimed: id → owner.
        self.photos: dict[int, int] = {}
        self.told_of_photos: list[tuple[str, int]] = []
        # Archives handed in, by owner id and archive id.
        self.archives: dict[tuple[int, int], bytes] = {}

    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self._answer)

    def events_of(self, actor_id: int) -> list[dict[str, Any]]:
        """Each event once, though some arrive twice: directly and by the relay."""
        told = [event for event in self.events if event["actor_id"] == actor_id]
        return [event for place, event in enumerate(told) if event not in told[:place]]

    def archives_of(self, owner_id: int) -> list[bytes]:
        return [content for (owner, _id), content in self.archives.items() if owner == owner_id]

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        if self.is_away:
            return httpx.Response(503)
        if request.url.path == "/archives":
            return await self._answer_about_archives(request)
        if request.url.path.endswith("/export"):
            return _export_page(request)
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

    async def _answer_about_archives(self, request: httpx.Request) -> httpx.Response:
        named = (int(request.url.params["owner_id"]), int(request.url.params["archive_id"]))
        if request.method == "POST":
            self.archives[named] = await request.aread()
            return httpx.Response(204)
        if named not in self.archives:
            return _not_found()
        said = {"state": "ready", "key": f"archives/{named[1]}.zip", "bytes": 1}
        return httpx.Response(200, json={**said, "ready_at": None, "expires_at": None})


def _export_page(request: httpx.Request) -> httpx.Response:
    """Each account has two pages of one document."""
    is_first = "cursor" not in request.url.params
    item = {"of": int(request.url.path.split("/")[2]), "number": 1 if is_first else 2}
    cursor = "second" if is_first else None
    return httpx.Response(200, json={"document": "posts", "items": [item], "next_cursor": cursor})


def _not_found() -> httpx.Response:
    body = orjson.dumps(problem_body(NotFound()))
    return httpx.Response(404, content=body, headers={"Content-Type": MEDIA_TYPE})
