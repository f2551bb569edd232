"""Every public route, through the balancers, in each way that RFC 9110 defines."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.contract.documents import DOCUMENTS
from tests.eventually import eventually
from tests.journeys.phone import Phone

_TUS = {"Tus-Resumable": "1.0.0"}
_WRITES = ("post", "put", "patch", "delete")
# They need no session, so there is no version to match.
_OPEN = {
    "/v1/users",
    "/v1/sessions",
    "/v1/sessions/refresh",
    "/v1/links",
    "/v1/password-resets",
}

Operations = dict[str, dict[str, Any]]


def _paths() -> Iterator[tuple[str, Operations]]:
    yield from DOCUMENTS["gateway"]["paths"].items()


class World:
    """One of everything that paths name, all owned by alice."""

    def __init__(self, names: dict[str, str]) -> None:
        self._names = names

    def address(self, path: str) -> str:
        for name, value in self._names.items():
            path = path.replace("{" + name + "}", value)
        return path + {
            "/v1/relationships": f"?ids={self._names['user_id']}",
            "/v1/posts": f"?ids={self._names['post_id']}",
            "/v1/users/search": "?q=a",
            "/v1/tags/search": "?q=a",
        }.get(path, "")


@pytest.fixture
async def world(alice: Phone) -> World:
    post = await alice.post("Fog #morning")
    comment = await alice.comment(post["id"], "Lovely.")
    opened = await alice.http.post("/v1/uploads", headers={**_TUS, "Upload-Length": "10"})
    return World(
        {
            "user_id": alice.id,
            "username": alice.username,
            "post_id": post["id"],
            "comment_id": comment["id"],
            "photo_id": post["photos"][0]["id"],
            "session_id": "7",
            "receipt_id": "6da7a3c1b000400." + "a" * 32,
            "tag": "morning",
            "upload_id": opened.headers["location"].rpartition("/")[2],
        }
    )


def _is_a_problem(reply: httpx.Response, status: int) -> bool:
    return (
        reply.status_code == status
        and reply.headers["content-type"] == "application/problem+json"
        and reply.json()["request_id"] == reply.headers["x-request-id"]
        and "no-store" in reply.headers["cache-control"]
    )


def _methods(operations: Operations) -> set[str]:
    named = {method.upper() for method in operations}
    return named | {"OPTIONS"} | ({"HEAD"} if "GET" in named else set())


def _allowed(reply: httpx.Response) -> set[str]:
    return {method.strip() for method in reply.headers["allow"].split(",")}


async def test_options_and_a_wrong_method_list_all_methods(alice: Phone, world: World) -> None:
    wrong: list[str] = []
    for path, operations in _paths():
        options = await alice.http.options(world.address(path))
        refused = await alice.http.request("PROPFIND", world.address(path))
        if "options" not in operations and (
            options.status_code != 204 or _allowed(options) != _methods(operations)
        ):
            wrong.append(f"OPTIONS {path}: {options.status_code} {options.headers.get('allow')}")
        if not _is_a_problem(refused, 405) or not _methods(operations) <= _allowed(refused):
            wrong.append(f"PROPFIND {path}: {refused.status_code} {refused.headers.get('allow')}")
    assert not wrong


async def test_head_is_get_without_a_body(alice: Phone, world: World) -> None:
    wrong: list[str] = []
    for path, operations in _paths():
        if "get" not in operations:
            continue
        head = await alice.http.head(world.address(path))
        expected = 200
        if path != "/v1/stream":
            got = await alice.http.get(world.address(path))
            expected = got.status_code
            if head.headers.get("content-type") != got.headers.get("content-type"):
                wrong.append(f"{path}: {head.headers.get('content-type')}")
        if head.status_code != expected or head.content:
            wrong.append(f"{path}: {head.status_code}, not {expected}")
    assert not wrong


async def test_json_has_its_content_type(alice: Phone, world: World) -> None:
    wrong: list[str] = []
    for path, operations in _paths():
        for method, operation in operations.items():
            content = operation.get("requestBody", {}).get("content", {})
            if "application/json" not in content:
                continue
            for media_type in (None, "text/plain"):
                headers = {} if media_type is None else {"Content-Type": media_type}
                reply = await alice.http.request(
                    method.upper(), world.address(path), content=b'{"a": 1}', headers=headers
                )
                if not _is_a_problem(reply, 415):
                    wrong.append(f"{method} {path} as {media_type}: {reply.status_code}")
            headers = {"Content-Type": "APPLICATION/JSON; charset=utf-8"}
            reply = await alice.http.request(
                method.upper(), world.address(path), content=b"[]", headers=headers
            )
            if not _is_a_problem(reply, 422):
                wrong.append(f"{method} {path} as JSON: {reply.status_code}")
    assert not wrong


async def test_if_match_of_another_version_changes_nothing(alice: Phone, world: World) -> None:
    wrong: list[str] = []
    bodies = {
        "/v1/me": {"bio": "Sun"},
        "/v1/posts/{post_id}": {"caption": "Sun"},
        "/v1/photos/{photo_id}": {"alt_text": "Sun"},
    }
    for path, operations in _paths():
        for method in _WRITES:
            if method not in operations or path in _OPEN:
                continue
            body = bodies.get(path) if method == "patch" else None
            reply = await alice.http.request(
                method.upper(), world.address(path), json=body, headers={"If-Match": '"999"'}
            )
            if not _is_a_problem(reply, 412):
                wrong.append(f"{method} {path}: {reply.status_code} {reply.text[:80]}")
    assert not wrong
    post = await alice.get(world.address("/v1/posts/{post_id}"))
    assert (post["caption"], post["viewer"]["liked"]) == ("Fog #morning", False)
    assert (await alice.get("/v1/me"))["bio"] == ""


async def test_reads_honour_preconditions(alice: Phone, world: World) -> None:
    wrong: list[str] = []
    for path, operations in _paths():
        address = world.address(path)
        if "get" not in operations or path == "/v1/stream":
            continue
        plain = await alice.http.get(address)
        if plain.status_code != 200:
            continue
        matched = await alice.http.get(address, headers={"If-Match": 'W/"1", "1"'})
        known = await alice.http.get(address, headers={"If-None-Match": "*"})
        if not _is_a_problem(matched, 412) or known.status_code != 304 or known.content:
            wrong.append(f"{path}: {matched.status_code} {known.status_code}")
        if tag := plain.headers.get("etag"):
            again = await alice.http.get(address, headers={"If-None-Match": f'"0", {tag}'})
            # Signed addresses of pictures change from time to time, which changes the page.
            if again.status_code not in {200, 304} or not tag.startswith("W/"):
                wrong.append(f"{path}: {again.status_code} {tag}")
    assert not wrong


async def test_compressed_replies_have_a_vary_header(alice: Phone, world: World) -> None:
    compressed = 0
    for path, operations in _paths():
        if "get" not in operations or path == "/v1/stream":
            continue
        reply = await alice.http.get(world.address(path), headers={"Accept-Encoding": "gzip"})
        if reply.headers.get("content-encoding") == "gzip":
            compressed += 1
            assert "accept-encoding" in reply.headers["vary"].lower(), path
    assert compressed


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("GET", "/v1/me", {"X-Big": "a" * 9_000}, 431),
        ("GET", "/" + "a" * 9_000, {}, 414),
        ("GET", "/nowhere", {}, 404),
        ("GET", "/live", {}, 404),
        ("PUT", "/favicon.ico", {}, 405),
        ("DELETE", "/media/renditions/7/large-0.jpg", {}, 405),
        ("GET", "/media/renditions/7/large-0.jpg", {}, 403),
        ("GET", "/media/renditions/7/large-0.jpg?e=1&s=a", {}, 403),
    ],
)
async def test_every_refusal_of_a_balancer_is_a_problem(
    stranger: httpx.AsyncClient, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    reply = await stranger.request(method, path, headers=headers)
    assert _is_a_problem(reply, status), (reply.status_code, reply.headers, reply.text[:200])
    if status == 405:
        assert {"GET", "HEAD"} <= _allowed(reply)


async def test_a_picture_lists_its_methods(alice: Phone, world: World) -> None:
    post = await alice.get(world.address("/v1/posts/{post_id}"))
    address = post["photos"][0]["renditions"][0]["url"]
    async with httpx.AsyncClient() as http:
        options = await http.options(address)
        head, ranged = (
            await http.head(address),
            await http.get(address, headers={"Range": "bytes=0-9"}),
        )
        beyond = await http.get(address, headers={"Range": "bytes=99999999-"})
    assert _allowed(options) == {"GET", "HEAD", "OPTIONS"}
    assert (head.status_code, head.content, ranged.status_code) == (200, b"", 206)
    assert _is_a_problem(beyond, 416), beyond.headers


async def test_balancers_cache_the_document(stranger: httpx.AsyncClient) -> None:
    async def is_kept() -> None:
        first = await stranger.get("/v1/openapi.json")
        assert first.headers["cache-control"] == "public, max-age=300"
        assert "ratelimit" not in first.headers
        known = {"If-None-Match": first.headers["etag"]}
        again = await stranger.get("/v1/openapi.json", headers=known)
        assert (again.status_code, again.headers["x-cache"]) == (304, "HIT")

    # nginx refreshes an outdated copy in the background.
    await eventually(is_kept)
