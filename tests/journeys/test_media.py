"""Renditions: signed, expiring, cached, and nothing else."""

import hashlib
import time
from base64 import urlsafe_b64encode
from contextlib import AsyncExitStack
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.eventually import eventually
from tests.journeys.phone import Phone
from tests.suite import Suite


async def large_of(phone: Phone) -> str:
    post = await phone.post()
    return str(next(r["url"] for r in post["photos"][0]["renditions"] if r["name"] == "large"))


async def test_a_signed_address_gives_the_picture_to_anyone_who_has_it(
    alice: Phone, stranger: httpx.AsyncClient
) -> None:
    reply = await stranger.get(await large_of(alice))
    assert reply.status_code == 200
    assert reply.headers["content-type"] == "image/jpeg"
    assert "immutable" in reply.headers["cache-control"]


async def test_no_cache_may_keep_a_picture_for_longer_than_its_address_lives(
    alice: Phone, stranger: httpx.AsyncClient
) -> None:
    url = await large_of(alice)
    expiry = int(parse_qs(urlsplit(url).query)["e"][0])
    tag = ""
    # From upload, from the balancer's cache, and as a reply without the bytes.
    for headers in ({}, {}, {"If-None-Match": "tag"}, {"Range": "bytes=0-9"}):
        asked = {name: tag if value == "tag" else value for name, value in headers.items()}
        reply = await stranger.get(url, headers=asked)
        assert reply.status_code in {200, 206, 304}, reply.text
        tag = reply.headers["etag"]
        said = reply.headers["cache-control"]
        kept_s = int(said.partition("max-age=")[2].partition(",")[0])
        assert "private" in said
        assert "public" not in said
        assert 0 < kept_s <= expiry - time.time() + 2


async def test_the_cache_key_is_the_path_behind_every_address(alice: Phone) -> None:
    post = await alice.post()
    for rendition in post["photos"][0]["renditions"]:
        assert urlsplit(rendition["url"]).path == f"/media/{rendition['cache_key']}"


async def test_a_second_request_is_served_from_the_cache(
    alice: Phone, stranger: httpx.AsyncClient
) -> None:
    url = await large_of(alice)
    first, second = [await stranger.get(url) for _ in range(2)]
    assert (first.headers["x-cache"], second.headers["x-cache"]) == ("MISS", "HIT")
    assert first.content == second.content


async def test_a_range_of_a_picture_can_be_requested(
    alice: Phone, stranger: httpx.AsyncClient
) -> None:
    url = await large_of(alice)
    whole = await stranger.get(url)
    part = await stranger.get(url, headers={"Range": "bytes=100-199"})
    assert (part.status_code, part.content) == (206, whole.content[100:200])


async def test_an_address_is_the_same_for_everybody_within_its_window(
    alice: Phone, bob: Phone
) -> None:
    post = await alice.post()
    seen = [await phone.get(f"/v1/posts/{post['id']}") for phone in (alice, bob)]
    first, second = [view["photos"][0]["renditions"][0]["url"] for view in seen]
    expiry = int(parse_qs(urlsplit(first).query)["e"][0])
    # An address expires soon, so a person blocked meanwhile loses the picture.
    assert 299 <= expiry - time.time() <= 600
    # Unless the two replies are in different windows.
    assert first == second or f"e={expiry}" not in second


@pytest.mark.parametrize("what", ["signature", "expiry", "time of day", "path", "nothing"])
async def test_a_changed_address_is_refused(
    alice: Phone, stranger: httpx.AsyncClient, what: str
) -> None:
    url = await large_of(alice)
    parts = urlsplit(url)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    path = parts.path
    if what == "signature":
        query["s"] = query["s"][::-1]
    elif what == "expiry":
        query["e"] = str(int(query["e"]) + 3600)
    elif what == "time of day":
        query["t"] = "23h59m59s" if query["t"] != "23h59m59s" else "00h00m00s"
    elif what == "path":
        path = path.replace("large-", "small-")
    else:
        query = {}
    reply = await stranger.get(path, params=query)
    assert reply.status_code == 403


async def test_an_expired_address_is_refused(
    alice: Phone, stranger: httpx.AsyncClient, suite: Suite
) -> None:
    path = urlsplit(await large_of(alice)).path
    key = suite.env("gateway")["GATEWAY_MEDIA_SIGNING_KEY"]
    past = int(time.time()) - 1
    digest = hashlib.md5(f"{past}{path} {key}".encode()).digest()
    signature = urlsafe_b64encode(digest).decode().rstrip("=")
    reply = await stranger.get(path, params={"e": past, "s": signature})
    assert reply.status_code == 410


@pytest.mark.parametrize(
    "path", ["/media/", "/media/quarantine/x", "/renditions/1/large-0000.jpg", "/media/../v1/me"]
)
async def test_nothing_but_renditions_is_reachable(stranger: httpx.AsyncClient, path: str) -> None:
    assert (await stranger.get(path)).status_code in {401, 403, 404}


async def test_a_deleted_post_leaves_no_picture_with_any_balancer(
    alice: Phone, suite: Suite
) -> None:
    post = await alice.post()
    kept = await large_of(alice)
    addresses = [rendition["url"] for rendition in post["photos"][0]["renditions"]]
    async with AsyncExitStack() as stack:
        balancers = [
            await stack.enter_async_context(httpx.AsyncClient(base_url=url))
            for url in suite.public_urls
        ]
        for balancer in balancers:
            for url in (*addresses, kept):
                assert (
                    await balancer.get(urlsplit(url).path, params=urlsplit(url).query)
                ).is_success

        assert (await alice.http.delete(f"/v1/posts/{post['id']}")).status_code == 204

        async def all_are_gone() -> None:
            replies = [
                await balancer.get(urlsplit(url).path, params=urlsplit(url).query)
                for balancer in balancers
                for url in addresses
            ]
            assert {reply.status_code for reply in replies} == {404}

        await eventually(all_are_gone)
        for balancer in balancers:
            reply = await balancer.get(urlsplit(kept).path, params=urlsplit(kept).query)
            assert reply.headers["x-cache"] == "HIT"


async def test_only_upload_may_refresh_cached_copies(
    alice: Phone, stranger: httpx.AsyncClient
) -> None:
    url = await large_of(alice)
    path = urlsplit(url).path.replace("/media/", "/refresh/")
    for headers in ({}, {"Authorization": "Media wrong"}, {"Authorization": "Media"}):
        assert (await stranger.get(path, headers=headers)).status_code == 404
    assert (await stranger.get(url)).status_code == 200
