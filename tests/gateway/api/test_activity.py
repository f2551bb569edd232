"""Activity as clients see it."""

from shared.contracts.activity import ActivityLine
from tests.gateway.conftest import Gateway
from tests.gateway.samples import BOB, CAROL, cards

LINE: ActivityLine = {
    "id": 9001,
    "kind": "comment",
    "actor_ids": [BOB, CAROL],
    "actor_count": 12,
    "post": {"id": 7001, "thumb_key": "renditions/501/thumb-00.jpg"},
    "comment": {"id": 8001, "text": "Lovely"},
    "happened_at": "2026-01-02T03:04:05.678Z",
    "seen": False,
}


async def test_a_line_names_people_and_shows_its_subject(gateway: Gateway) -> None:
    people = cards(BOB, CAROL)["cards"]
    page = {"items": [LINE], "people": people, "next_cursor": "abc", "unseen_count": 4}
    gateway.feed.answer("GET", "/activity", page)
    reply = await gateway.http.get("/v1/activity?limit=1")
    body = reply.json()
    (line,) = body["items"]
    assert [actor["username"] for actor in line["actors"]] == ["bob", "carol"]
    assert (line["actor_count"], line["comment"]) == (12, {"id": "8001", "text": "Lovely"})
    assert line["post"]["id"] == "7001"
    assert "/media/renditions/501/thumb-00.jpg?" in line["post"]["thumb"]
    assert body["unseen_count"] == 4
    assert reply.links["next"]["url"] == "/v1/activity?limit=1&cursor=abc"
    assert not gateway.users.asked("/cards")


async def test_marking_activity_as_seen_replies_204(gateway: Gateway) -> None:
    gateway.feed.answer("PUT", "/activity/seen", None)
    reply = await gateway.http.put("/v1/activity/seen")
    assert (reply.status_code, reply.content) == (204, b"")
