"""Reports reach the operators, and their actions show everywhere at once."""

from tests.eventually import eventually
from tests.journeys.phone import Phone
from tests.suite import Suite

REPORT = {"reason": "harassment", "note": "Not nice."}


async def test_a_reported_post_is_listed_hidden_and_shown_again(
    suite: Suite, alice: Phone, bob: Phone
) -> None:
    await bob.follow(alice)
    post = await alice.post("Dreadful #moderated")
    await bob.sees(post["id"])
    comment = await bob.comment(post["id"], "Indeed")
    report = {"kind": "post", "id": post["id"], **REPORT}
    made = await bob.http.post("/v1/reports", json=report)
    assert made.status_code == 201, made.text
    assert made.json()["report"]["subject"] == {"kind": "post", "id": post["id"]}
    listed = await suite.upkeep("feed", "reports")
    assert f"post:{post['id']}" in listed
    assert "Not nice." in listed

    await suite.upkeep("feed", "hide", "--subject", f"post:{post['id']}")
    for phone in (alice, bob):
        await phone.get(f"/v1/posts/{post['id']}", 404)
        await phone.get(f"/v1/posts/{post['id']}/comments", 404)
        await phone.get(f"/v1/posts/{post['id']}/likes", 404)
        await phone.put(f"/v1/posts/{post['id']}/like", 404)
        await phone.put(f"/v1/comments/{comment['id']}/like", 404)
        assert await phone.home() == []
        page = await phone.get("/v1/timelines/tags/moderated")
        assert post["id"] not in {item["id"] for item in page["items"]}
    # Others' lists may come from a replica, which lags by a second.
    await eventually(lambda: _has_posts(bob, alice, 0))
    assert f"post:{post['id']}" not in await suite.upkeep("feed", "reports")

    await suite.upkeep("feed", "show", "--subject", f"post:{post['id']}")
    assert [item["id"] for item in await bob.home()] == [post["id"]]
    await eventually(lambda: _has_posts(bob, alice, 1))


async def test_a_suspended_user_disappears_everywhere_and_returns_when_reinstated(
    suite: Suite, alice: Phone, bob: Phone
) -> None:
    await bob.follow(alice)
    post = await alice.post("Here")
    await bob.sees(post["id"])
    theirs = await bob.post("Mine")
    await alice.comment(theirs["id"], "Hello")
    report = {"kind": "user", "id": alice.id, **REPORT}
    assert (await bob.http.post("/v1/reports", json=report)).status_code == 201

    await suite.upkeep("gateway", "changed", "--user", alice.id)
    await suite.upkeep("users", "suspend", "--user", alice.id)
    await bob.get(f"/v1/users/{alice.id}", 404)
    await bob.get(f"/v1/users/by-username/{alice.username}", 404)
    await bob.get(f"/v1/posts/{post['id']}", 404)
    await bob.get(f"/v1/users/{alice.id}/posts", 404)
    assert [item["id"] for item in await bob.home()] == [theirs["id"]]
    assert await bob.comments(theirs["id"]) == []
    # A gateway trusts a session check for at most five seconds.
    await eventually(lambda: _is_signed_out(alice), within_s=10)

    await suite.upkeep("users", "reinstate", "--user", alice.id)
    await bob.get(f"/v1/users/{alice.id}")
    assert {item["id"] for item in await bob.home()} == {post["id"], theirs["id"]}
    assert await bob.comments(theirs["id"]) == ["Hello"]


async def test_neither_invisible_things_nor_oneself_can_be_reported(
    alice: Phone, bob: Phone
) -> None:
    await alice.put(f"/v1/users/{bob.id}/block")
    report = {"kind": "user", "id": alice.id, **REPORT}
    assert (await bob.http.post("/v1/reports", json=report)).status_code == 404
    own = await alice.http.post("/v1/reports", json=report)
    assert (own.status_code, own.json()["code"]) == (422, "own_account")
    strange = await alice.http.post("/v1/reports", json={**report, "reason": "dull"})
    assert [error["field"] for error in strange.json()["errors"]] == ["reason"]


async def _has_posts(phone: Phone, author: Phone, count: int) -> None:
    page = await phone.get(f"/v1/users/{author.id}/posts")
    assert len(page["items"]) == count


async def _is_signed_out(phone: Phone) -> None:
    assert (await phone.http.get("/v1/me")).status_code == 401
