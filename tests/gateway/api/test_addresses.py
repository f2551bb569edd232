"""Verifying an address at the gateway."""

from tests.gateway.conftest import Gateway
from tests.gateway.samples import ALICE, own_profile


async def test_a_message_is_asked_for_in_the_language_of_the_app(gateway: Gateway) -> None:
    gateway.users.answer("POST", "/me/email/verification", None)
    reply = await gateway.http.post(
        "/v1/me/email/verification", headers={"Accept-Language": "es-MX, en;q=0.5"}
    )
    assert reply.status_code == 202
    assert gateway.users.body_of("/me/email/verification") == {"language": "es"}


async def test_a_code_gives_the_verified_profile(gateway: Gateway) -> None:
    verified = {**own_profile(ALICE), "email_is_verified": True}
    gateway.users.answer("PUT", "/me/email/verification", verified)
    gateway.feed.answer("POST", "/post-counts", {"counts": {str(ALICE): 5}})
    reply = await gateway.http.put("/v1/me/email/verification", json={"code": "402 718"})
    assert (reply.status_code, reply.json()["email_is_verified"]) == (200, True)
    assert gateway.users.body_of("/me/email/verification") == {"code": "402 718"}


async def test_a_link_needs_no_session(gateway: Gateway) -> None:
    gateway.users.answer("POST", "/links", {"purpose": "verify_address"})
    reply = await gateway.anonymous.post("/v1/links", json={"link": "6da7.abc"})
    assert (reply.status_code, reply.json()) == (200, {"purpose": "verify_address"})


async def test_the_page_of_links_acts_on_a_press_only(gateway: Gateway) -> None:
    reply = await gateway.anonymous.get("/link")
    assert reply.headers["content-type"].startswith("text/html")
    assert reply.headers["cache-control"] == "no-store"
    assert not gateway.users.asked("/links")
