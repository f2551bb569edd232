"""A fake of upload: every photo exists and is ready unless a test says otherwise."""

from typing import Any

import httpx
import orjson

from shared.contracts.photos import PhotoSnapshot


def snapshot(photo_id: int) -> PhotoSnapshot:
    """The snapshot of a ready photo."""
    return {
        "id": photo_id,
        "width": 1200,
        "height": 1500,
        "thumbhash": "3OcRJYB4d3h/iIeHeEh3eIhw+j2w",
        "alt_text": "",
        "renditions": [
            {
                "name": "large",
                "width": 1080,
                "height": 1350,
                "key": f"renditions/{photo_id}/large-9f86d081884c7d65.jpg",
                "content_type": "image/jpeg",
                "bytes": 100_000,
            }
        ],
    }


class FakeUpload:
    """Records claims, confirmations and releases."""

    def __init__(self) -> None:
        self.claimants: dict[int, str] = {}
        self.processing: set[int] = set()
        self.confirmed: list[dict[str, Any]] = []
        self.released: list[dict[str, Any]] = []
        self.claim_calls = 0

    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self._answer)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        body = orjson.loads(request.content)
        match request.url.path:
            case "/photos/claim":
                return self._claim(body)
            case "/photos/confirm":
                self.confirmed.append(body)
            case "/photos/release":
                self.released.append(body)
        return httpx.Response(204)

    def _claim(self, body: dict[str, Any]) -> httpx.Response:
        self.claim_calls += 1
        for photo_id in body["photo_ids"]:
            if photo_id in self.processing:
                return _conflict("photo_not_ready", {"Retry-After": "2"})
            if self.claimants.setdefault(photo_id, body["claimant"]) != body["claimant"]:
                return _conflict("photo_already_published", {})
        return httpx.Response(200, json={"photos": [snapshot(id_) for id_ in body["photo_ids"]]})


def _conflict(code: str, headers: dict[str, str]) -> httpx.Response:
    problem = {
        "type": f"urn:retrato:problem:{code}",
        "title": "It cannot be claimed.",
        "status": 409,
        "detail": "It cannot be claimed.",
        "code": code,
        "request_id": None,
        "error": "It cannot be claimed.",
    }
    headers = {"Content-Type": "application/problem+json", **headers}
    return httpx.Response(409, content=orjson.dumps(problem), headers=headers)
