"""A small client of the public API, which retries as the API asks."""

import asyncio
from collections.abc import Mapping
from itertools import cycle, islice
from typing import Any, Self
from urllib.parse import quote

import httpx

_ATTEMPTS_MAX = 8
# Replies after which the request is tried again.
_TRY_AGAIN = {
    httpx.codes.TOO_MANY_REQUESTS,
    httpx.codes.BAD_GATEWAY,
    httpx.codes.SERVICE_UNAVAILABLE,
    httpx.codes.GATEWAY_TIMEOUT,
}
_TRY_AGAIN_CODES = {"photo_not_ready", "request_in_progress"}
_WAIT_S_MAX = 10.0
# The limits per address forbid 200 sign-ups from one, so people share this many addresses.
_HOUSEHOLDS = 16


class ApiError(Exception):
    """The API refused a request, with the given status and code."""

    def __init__(self, request: str, status: int, code: str, detail: str) -> None:
        super().__init__(f"{request}: {status} {code}: {detail}")
        self.status = status
        self.code = code


class PublicApi:
    """Connections for everybody in the demo; each call names the token of its account."""

    def __init__(self, url: str, connections: int) -> None:
        self._households = cycle(
            [_client(url, connections, household) for household in range(_HOUSEHOLDS)]
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        for client in islice(self._households, _HOUSEHOLDS):
            await client.aclose()

    async def sign_up(self, account: Mapping[str, str]) -> dict[str, Any]:
        """Return `{user, session}` of a new account; raises ApiError, such as username_taken."""
        return dict(await self._send("POST", "/v1/users", json=account))

    async def sign_in(self, login: str, password: str) -> dict[str, Any]:
        """Return `{user, session}` of an account; raises ApiError, such as wrong_credentials."""
        credentials = {"login": login, "password": password, "device": "demo"}
        return dict(await self._send("POST", "/v1/sessions", json=credentials))

    async def profile(self, username: str, token: str) -> dict[str, Any]:
        """Return a profile by username; raises ApiError, such as not_found."""
        return dict(await self._send("GET", f"/v1/users/by-username/{quote(username)}", token))

    async def follow(self, user_id: str, token: str) -> None:
        """Follow an account; a repetition has no effect."""
        await self._send("PUT", f"/v1/users/{user_id}/follow", token)

    async def upload(self, jpeg: bytes, key: str, token: str) -> str:
        """Upload a photo and return its id."""
        headers = {"Content-Type": "image/jpeg", "Idempotency-Key": key}
        reply = await self._send("POST", "/v1/photos", token, content=jpeg, headers=headers)
        return str(reply["photo"]["id"])

    async def publish(self, draft: Mapping[str, Any], key: str, token: str) -> str:
        """Publish a post and return its id; waits until its photos are ready."""
        headers = {"Idempotency-Key": key}
        reply = await self._send("POST", "/v1/posts", token, json=draft, headers=headers)
        return str(reply["post"]["id"])

    async def posts_of(self, user_id: str, token: str) -> list[dict[str, Any]]:
        """Return all posts of a person, oldest first."""
        found: list[dict[str, Any]] = []
        cursor: str | None = ""
        while cursor is not None:
            after = f"&cursor={quote(cursor)}" if cursor else ""
            page = await self._send("GET", f"/v1/users/{user_id}/posts?limit=40{after}", token)
            found += page["items"]
            cursor = page["next_cursor"]
        return found[::-1]

    async def like(self, post_id: str, token: str) -> None:
        """Like a post; a repetition has no effect."""
        await self._send("PUT", f"/v1/posts/{post_id}/like", token)

    async def _send(
        self,
        method: str,
        path: str,
        token: str | None = None,
        headers: Mapping[str, str] | None = None,
        **body: Any,
    ) -> Any:
        named = dict(headers or {})
        if token is not None:
            named["Authorization"] = f"Bearer {token}"
        for attempt in range(_ATTEMPTS_MAX):
            reply = await next(self._households).request(method, path, headers=named, **body)
            if reply.is_success:
                return reply.json() if reply.content else None
            refusal = _refusal(f"{method} {path}", reply)
            may_pass = reply.status_code in _TRY_AGAIN or refusal.code in _TRY_AGAIN_CODES
            if not may_pass or attempt == _ATTEMPTS_MAX - 1:
                raise refusal
            await asyncio.sleep(_wait_s(reply, attempt))
        raise AssertionError("the loop returns or raises")


def _client(url: str, connections: int, household: int) -> httpx.AsyncClient:
    # Only the loopback network has several addresses to choose from.
    is_here = httpx.URL(url).host.startswith("127.")
    address = f"127.99.0.{household + 1}" if is_here else None
    limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections)
    return httpx.AsyncClient(
        base_url=url,
        timeout=httpx.Timeout(40, connect=5),
        transport=httpx.AsyncHTTPTransport(local_address=address, limits=limits),
    )


def _refusal(request: str, reply: httpx.Response) -> ApiError:
    try:
        problem = reply.json()
        return ApiError(request, reply.status_code, problem["code"], problem["detail"])
    except (ValueError, KeyError, TypeError):
        return ApiError(request, reply.status_code, "unexplained", reply.text[:200])


def _wait_s(reply: httpx.Response, attempt: int) -> float:
    asked_for = reply.headers.get("Retry-After", "")
    wait_s = float(asked_for) if asked_for.isdecimal() else 0.2 * 2**attempt
    return min(_WAIT_S_MAX, wait_s)
