"""No cache keeps a refusal: every problem is no-store, whoever answers it."""

from urllib.parse import urlsplit

import httpx

from shared.http_server.problems import MEDIA_TYPE
from tests.journeys.phone import Phone

Asked = tuple[str, str, dict[str, str], bytes, int]

NOBODY = "1"
JSON = {"Content-Type": "application/json"}

# Method, address, headers, body and status: each by another part of the gateway, or by a balancer.
OF_THE_API: tuple[Asked, ...] = (
    ("GET", "/v1/posts/x", {}, b"", 404),
    ("GET", "/v1/nowhere", {}, b"", 404),
    ("GET", "/nowhere", {}, b"", 404),
    ("GET", "/live", {}, b"", 404),
    ("GET", f"/v1/posts/{NOBODY}", {}, b"", 404),
    ("PROPFIND", "/v1/me", {}, b"", 405),
    ("PUT", "/favicon.ico", {}, b"", 405),
    ("GET", "/v1/me", {"Authorization": "Bearer rta_1.1.x"}, b"", 401),
    ("GET", "/v1/timelines/home?limit=x", {}, b"", 422),
    ("GET", "/v1/timelines/home?cursor=x", {}, b"", 422),
    ("GET", "/v1/me", {"If-Match": '"999"'}, b"", 412),
    ("GET", "/v1/me", {"X-Big": "a" * 9_000}, b"", 431),
    ("GET", "/" + "a" * 20_000, {}, b"", 414),
    ("GET", "/v1/me", {"Content-Length": "3"}, b"abc", 400),
    ("PATCH", "/v1/me", JSON, b"{", 400),
    ("PATCH", "/v1/me", JSON, b'{"shoe_size": 38}', 422),
    ("PATCH", "/v1/me", {"Content-Type": "text/plain"}, b"{}", 415),
    ("PATCH", "/v1/me", {**JSON, "If-Match": '"999"'}, b"{}", 412),
    ("DELETE", "/v1/me", JSON, b'{"password": "another one"}', 403),
    ("POST", "/v1/posts", {**JSON, "Idempotency-Key": "\x01"}, b"{}", 400),
    ("POST", "/v1/photos", {"Content-Type": "image/png"}, b"no picture", 422),
    ("POST", "/v1/uploads", {"Tus-Resumable": "0.1"}, b"", 412),
)


async def _wrong(http: httpx.AsyncClient, asked: Asked) -> str:
    method, address, headers, body, status = asked
    reply = await http.request(method, address, headers=headers, content=body)
    said = reply.headers.get("cache-control")
    is_right = (
        reply.status_code == status
        and reply.headers["content-type"] == MEDIA_TYPE
        # What a range was asked of has named its own lifetime; no-store overrules it (RFC 9111).
        and "no-store" in reply.headers.get_list("cache-control", split_commas=True)
    )
    return "" if is_right else f"{method} {address[:40]} {headers}: {reply.status_code}, {said}"


async def test_no_problem_of_the_api_is_stored(alice: Phone) -> None:
    wrong = [await _wrong(alice.http, asked) for asked in OF_THE_API]
    assert not [line for line in wrong if line]


async def test_no_problem_of_a_picture_is_stored(alice: Phone, stranger: httpx.AsyncClient) -> None:
    post = await alice.post()
    url = urlsplit(post["photos"][0]["renditions"][0]["url"])
    address = f"{url.path}?{url.query}"
    assert "max-age" in (await stranger.get(address)).headers["cache-control"]
    of_a_picture: tuple[Asked, ...] = (
        ("GET", url.path, {}, b"", 403),
        ("GET", address.replace("&s=", "&s=0"), {}, b"", 403),
        ("GET", "/media/nothing", {}, b"", 403),
        ("GET", "/refresh" + url.path.removeprefix("/media"), {}, b"", 404),
        ("POST", address, {}, b"", 405),
        ("GET", address, {"Range": "bytes=99999999-"}, b"", 416),
    )
    wrong = [await _wrong(stranger, asked) for asked in of_a_picture]
    assert not [line for line in wrong if line]
