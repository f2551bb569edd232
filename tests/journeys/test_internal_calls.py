"""The cost of a read inside: at most four calls, and no more for a long page."""

import json
import re
from collections import Counter

import httpx

from tests.journeys.phone import Phone
from tests.suite import Suite
from tests.suite_logs import all_is_written

CALLS_MAX = 4
ATTEMPTS_MAX = 2
SERVICES = ("users", "upload", "feed")
POSTS = 4
# Made once in some seconds for each session, for any read.
SESSION_CHECK = "/sessions/check"


async def _world(alice: Phone, others: list[Phone]) -> dict[str, str]:
    """Lists with several items, and the values for paths in the document."""
    for other in others:
        await other.follow(alice)
        await alice.follow(other)
    posts = [await phone.post("#many") for phone in (alice, *others) for _ in range(POSTS // 2)]
    for post in posts:
        await alice.sees(post["id"])
        await alice.put(f"/v1/posts/{post['id']}/like")
    for other in others:
        await other.put(f"/v1/posts/{posts[0]['id']}/like")
    return {
        "user_id": alice.id,
        "username": alice.username,
        "post_id": posts[0]["id"],
        "photo_id": posts[0]["photos"][0]["id"],
    }


async def _calls(suite: Suite, reply: httpx.Response) -> set[str]:
    """The calls made for a request, by service and route, from the services' logs.

    A call is made once, or twice if the first attempt took long. Both the gateway and feed may ask
    users the same, and feed twice if it is called twice.
    """
    request_id = reply.headers["x-request-id"]
    await all_is_written(suite)
    found = Counter(
        f"{service} {line['method']} {line['route']}"
        for service in SERVICES
        for line in _lines(suite, service, request_id)
        if line["route"] != SESSION_CHECK
    )
    most = ATTEMPTS_MAX + ATTEMPTS_MAX**2
    assert all(count <= most for count in found.values()), found
    return set(found)


def _lines(suite: Suite, service: str, request_id: str) -> list[dict[str, str]]:
    logs = (suite.log_of(name) for name in suite.process_names(service))
    lines = (line for log in logs for line in log.splitlines() if request_id in line)
    found = (json.loads(line) for line in lines if line.startswith("{"))
    return [line for line in found if line["event"] == "request"]


async def test_no_read_makes_more_calls_for_more_items(
    suite: Suite, alice: Phone, bob: Phone, carol: Phone
) -> None:
    known = await _world(alice, [bob, carol])
    document = await alice.get("/v1/openapi.json")
    lists = 0
    for path, operations in document["paths"].items():
        named = set(re.findall(r"{(\w+)}", path))
        if "get" not in operations or not named <= known.keys():
            continue
        if "text/event-stream" in json.dumps(operations["get"]):  # It does not end by itself.
            continue
        address = path.format(**known)
        query = {"q": "ali", "ids": known["user_id"]}
        short = await alice.http.get(address, params={**query, "limit": 1})
        if short.status_code != 200:
            continue
        cost = await _calls(suite, short)
        assert len(cost) <= CALLS_MAX, (path, cost)
        if "next_cursor" in short.text:
            lists += 1
            long = await alice.http.get(address, params={**query, "limit": 40})
            # Fewer calls if the first read's answers can be reused.
            assert await _calls(suite, long) <= cost, path
    assert lists >= 5


async def test_a_home_timeline_is_one_call_to_feed_and_one_to_users(
    suite: Suite, alice: Phone, bob: Phone, carol: Phone
) -> None:
    await _world(alice, [bob, carol])
    cost = await _calls(suite, await alice.http.get("/v1/timelines/home"))
    assert sorted(call.split()[0] for call in cost) == ["feed", "users"]
