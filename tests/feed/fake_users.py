"""A fake of users: a follow graph in memory."""

import base64
from collections import defaultdict
from typing import Any

import httpx
import orjson


class FakeUsers:
    """Answers like users; `ids_page_max` shortens its pages, and `is_away` makes it reply 503."""

    def __init__(self) -> None:
        self.followed: dict[int, set[int]] = defaultdict(set)
        self.hidden: set[tuple[int, int]] = set()
        self.unknown: set[tuple[int, int]] = set()
        self.ids_by_name: dict[str, int] = {}
        self.ids_page_max = 10_000
        self.is_away = False
        self.calls: list[str] = []

    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self._answer)

    def follow(self, follower_id: int, *followee_ids: int) -> None:
        self.followed[follower_id].update(followee_ids)

    def unfollow(self, follower_id: int, followee_id: int) -> None:
        self.followed[follower_id].discard(followee_id)

    def hide(self, author_id: int, viewer_id: int) -> None:
        """Let the viewer not see the author's posts."""
        self.hidden.add((author_id, viewer_id))

    def block(self, one_id: int, other_id: int) -> None:
        """Let neither know of the other."""
        self.unknown |= {(one_id, other_id), (other_id, one_id)}

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.calls.append(request.url.path)
        if self.is_away:
            return httpx.Response(503)
        match request.url.path.strip("/").split("/"):
            case ["cards"]:
                return httpx.Response(200, json=self._cards(request))
            case ["usernames"]:
                wanted = orjson.loads(request.content)["usernames"]
                found = {
                    name: self.ids_by_name[name] for name in wanted if name in self.ids_by_name
                }
                return httpx.Response(200, json={"ids": found})
            case ["users", user_id, "follower-ids"]:
                followers = [one for one, of in self.followed.items() if int(user_id) in of]
                return httpx.Response(200, json=self._page(followers, request))
            case ["users", user_id, "following-ids"]:
                return httpx.Response(200, json=self._page(self.followed[int(user_id)], request))
        return httpx.Response(404)

    def _page(self, ids: Any, request: httpx.Request) -> dict[str, Any]:
        limit = min(int(request.url.params["limit"]), self.ids_page_max)
        after = int(request.url.params["after"])
        page = sorted(id_ for id_ in ids if id_ > after)[:limit]
        is_full = len(page) == limit
        return {
            "ids": page,
            "next_after": page[-1] if is_full else None,
            "total": len(list(ids)) if is_full and after == 0 else None,
        }

    def _cards(self, request: httpx.Request) -> dict[str, Any]:
        viewer_id = viewer_of(request)
        return {
            "cards": {
                str(id_): {"id": id_, "may_view": (id_, viewer_id) not in self.hidden}
                for id_ in orjson.loads(request.content)["ids"]
                if (id_, viewer_id) not in self.unknown
            }
        }


def viewer_of(request: httpx.Request) -> int:
    """The viewer in the internal token; its signature is not tested here."""
    payload = request.headers["Authorization"].removeprefix("Bearer ").split(".")[1]
    claims = orjson.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return int(claims["sub"])
