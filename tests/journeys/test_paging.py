"""Pages show everything once, in order, while items are added."""

from typing import Any

import pytest

from tests.eventually import eventually
from tests.journeys.phone import Phone

POSTS = 7


async def pages(phone: Phone, first: str) -> list[list[str]]:
    """The ids of the items, page by page, by following the Link header."""
    found: list[list[str]] = []
    url: str | None = first
    while url is not None:
        reply = await phone.http.get(url)
        assert reply.status_code == 200
        found.append([item["id"] for item in reply.json()["items"]])
        url = reply.links.get("next", {}).get("url")
        assert (url is None) is (reply.json()["next_cursor"] is None)
    return found


async def posts_by(phone: Phone) -> list[str]:
    return [(await phone.post(f"number {number}"))["id"] for number in range(POSTS)][::-1]


async def test_a_persons_posts_each_come_once_newest_first(alice: Phone, bob: Phone) -> None:
    made = await posts_by(alice)

    async def all_there() -> None:
        found = await pages(bob, f"/v1/users/{alice.id}/posts?limit=3")
        assert [post_id for page in found for post_id in page] == made
        assert all(len(page) <= 3 for page in found)

    await eventually(all_there)


async def test_a_home_timeline_stays_in_order_while_posts_arrive(alice: Phone, bob: Phone) -> None:
    await bob.follow(alice)
    made = await posts_by(alice)

    async def all_there() -> None:
        assert [item["id"] for item in await bob.home()] == made

    await eventually(all_there)
    first = await bob.http.get("/v1/timelines/home?limit=3")
    newer = await alice.post("while bob reads")
    await bob.sees(newer["id"])
    rest = await pages(bob, first.links["next"]["url"])
    read = [item["id"] for item in first.json()["items"]] + [i for page in rest for i in page]
    assert read == made


@pytest.mark.parametrize("query", ["cursor=not-a-cursor", "limit=0", "limit=41", "limit=x"])
@pytest.mark.parametrize("which", ["/v1/timelines/home", "/v1/users/{id}/posts"])
async def test_a_malformed_cursor_or_limit_is_reported_by_name(
    alice: Phone, which: str, query: str
) -> None:
    problem: dict[str, Any] = await alice.get(f"{which.format(id=alice.id)}?{query}", status=422)
    assert [error["field"] for error in problem["errors"]] == [query.partition("=")[0]]


async def test_an_unchanged_first_page_is_not_sent_again(alice: Phone) -> None:
    await alice.post()
    for path in (f"/v1/users/{alice.id}", "/v1/timelines/home"):

        async def is_known(path: str = path) -> None:
            first = await alice.http.get(path)
            known = {"If-None-Match": first.headers["etag"]}
            assert (await alice.http.get(path, headers=known)).status_code == 304

        await eventually(is_known)


async def test_the_ranked_timeline_has_the_same_posts_page_by_page(
    alice: Phone, bob: Phone
) -> None:
    await bob.follow(alice)
    posts = [(await alice.post(f"Number {n}"))["id"] for n in range(5)]
    for post_id in posts:
        await bob.sees(post_id)
    await bob.put(f"/v1/posts/{posts[0]}/like")
    first = await bob.get("/v1/timelines/home", order="ranked", limit=3)
    reply = await bob.http.get(
        "/v1/timelines/home",
        params={"order": "ranked", "limit": 3, "cursor": first["next_cursor"]},
    )
    shown = [item["id"] for item in (*first["items"], *reply.json()["items"])]
    assert sorted(shown) == sorted(posts)
    unknown = await bob.http.get("/v1/timelines/home", params={"order": "best"})
    assert unknown.status_code == 422
