"""Two hundred headers about the caller's identity, origin or purpose: none has an effect."""

import itertools
from collections.abc import Callable

import httpx

from tests.journeys.phone import Phone

# Headers that proxies, gateways and frameworks are known to trust; `{id}` is the victim's.
HEADERS = {
    "X-User-Id": "{id}",
    "X-Viewer-Id": "{id}",
    "X-Forwarded-User": "{id}",
    "X-Remote-User": "{id}",
    "Remote-User": "{id}",
    "X-Auth-Request-User": "{id}",
    "X-Authenticated-Userid": "{id}",
    "X-Consumer-Id": "{id}",
    "X-Token-Subject": "{id}",
    "X-Client-Cert-Subject": "CN=users-1",
    "X-Internal-Token": "e30.e30.e30",
    "X-Original-URL": "/v1/users/{id}",
    "X-Rewrite-URL": "/v1/users/{id}",
    "X-Forwarded-Uri": "/v1/users/{id}",
    "X-Accel-Redirect": "/v1/users/{id}",
    "X-HTTP-Method-Override": "DELETE",
    "X-HTTP-Method": "DELETE",
    "X-Method-Override": "DELETE",
    "X-Forwarded-Host": "users.internal",
    "X-Forwarded-For": "127.0.0.1",
    "X-Real-IP": "127.0.0.1",
    "X-Forwarded-Proto": "https",
    "X-Timeout-Ms": "1",
    "X-Sent-At-Ms": "1",
    "Forwarded": "for=127.0.0.1;host=users.internal",
    "Cookie": "session={id}; access_token={id}",
}
SPELLINGS: tuple[Callable[[str], str], ...] = (
    str,
    str.lower,
    str.upper,
    lambda name: name.replace("-", "_"),
)


async def test_none_of_two_hundred_headers_changes_the_callers_identity(
    alice: Phone, bob: Phone, stranger: httpx.AsyncClient
) -> None:
    variants = list(itertools.product(HEADERS.items(), SPELLINGS))
    assert len(variants) * 2 >= 200
    for (name, value), spell in variants:
        spoofed = {spell(name): value.format(id=bob.id)}
        own = await alice.http.get("/v1/me", headers=spoofed)
        assert (own.status_code, own.json().get("id")) == (200, alice.id), spoofed
        nobody = await stranger.get("/v1/me", headers=spoofed)
        assert (nobody.status_code, nobody.json()["code"]) == (401, "unauthenticated"), spoofed
    assert (await bob.get("/v1/me"))["id"] == bob.id
