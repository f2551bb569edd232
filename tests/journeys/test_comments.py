"""Talking under a post, as people see it who know, block and leave one another."""

from tests.eventually import eventually
from tests.journeys.phone import PASSWORD, Phone


async def test_people_talk_under_a_post_and_everybody_counts_the_same(
    alice: Phone, bob: Phone, carol: Phone
) -> None:
    post = await alice.post("Fog over the harbour")
    first = await bob.comment(post["id"], "Lovely #fog")
    await carol.comment(post["id"], "@bob it is", reply_to=first["id"])
    shown = (await alice.get(f"/v1/posts/{post['id']}/comments"))["items"]
    assert [one["text"] for one in shown] == ["Lovely #fog", "@bob it is"]
    assert [one["reply_to"] for one in shown] == [None, first["id"]]
    assert (shown[0]["hashtags"], shown[1]["mentions"]) == (["fog"], ["bob"])
    assert (await bob.get(f"/v1/posts/{post['id']}"))["counts"]["comments"] == 2
    liked = await carol.put(f"/v1/comments/{first['id']}/like")
    assert liked == {"liked": True, "like_count": 1}
    # The post's author may delete others' comments; replies go with them.
    for _ in range(2):
        await alice.delete(f"/v1/comments/{first['id']}", status=204)
    assert await carol.comments(post["id"]) == []
    assert (await bob.get(f"/v1/posts/{post['id']}"))["counts"]["comments"] == 0


async def test_the_same_key_comments_once(alice: Phone, bob: Phone) -> None:
    post = await alice.post()
    path, headers = f"/v1/posts/{post['id']}/comments", {"Idempotency-Key": "tap, tap"}
    made = [await bob.http.post(path, json={"text": "Once"}, headers=headers) for _ in range(2)]
    assert made[0].json() == made[1].json()
    other = await bob.http.post(path, json={"text": "Twice"}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert await alice.comments(post["id"]) == ["Once"]


async def test_blocked_people_neither_read_nor_answer_each_other(
    alice: Phone, bob: Phone, carol: Phone
) -> None:
    post = await alice.post()
    of_bob = await bob.comment(post["id"], "Mine")
    await alice.comment(post["id"], "Thanks", reply_to=of_bob["id"])
    await carol.put(f"/v1/users/{bob.id}/block")
    assert await carol.comments(post["id"]) == []
    await carol.comment(post["id"], "Hidden", reply_to=of_bob["id"], status=404)
    await carol.put(f"/v1/comments/{of_bob['id']}/like", status=404)
    await carol.comment(post["id"], "Alone")
    assert await bob.comments(post["id"]) == ["Mine", "Thanks"]
    assert await alice.comments(post["id"]) == ["Mine", "Thanks", "Alone"]


async def test_likes_and_comments_of_a_deleted_account_are_gone(alice: Phone, bob: Phone) -> None:
    post = await alice.post()
    await bob.comment(post["id"], "Farewell")
    await bob.put(f"/v1/posts/{post['id']}/like")
    likers = await alice.get(f"/v1/posts/{post['id']}/likes")
    assert [person["id"] for person in likers["items"]] == [bob.id]
    left = await bob.http.request("DELETE", "/v1/me", json={"password": PASSWORD})
    assert left.status_code == 202

    async def gone() -> None:
        assert await alice.comments(post["id"]) == []
        assert (await alice.get(f"/v1/posts/{post['id']}/likes"))["items"] == []
        seen = await alice.get(f"/v1/posts/{post['id']}")
        assert seen["counts"] == {"likes": 0, "comments": 0}

    await eventually(gone, within_s=30)


async def test_an_edited_caption_is_what_everybody_reads(alice: Phone, bob: Phone) -> None:
    await bob.follow(alice)
    post = await alice.post("Fog #morning")
    await bob.sees(post["id"])
    reply = await alice.http.patch(f"/v1/posts/{post['id']}", json={"caption": "Sun #noon"})
    assert reply.status_code == 200
    seen = await bob.sees(post["id"])
    assert (seen["caption"], seen["hashtags"]) == ("Sun #noon", ["noon"])
    assert seen["edited_at"] is not None


async def test_saved_posts_are_visible_to_their_owner_only(alice: Phone, bob: Phone) -> None:
    post = await alice.post()
    assert await bob.put(f"/v1/posts/{post['id']}/save") == {"saved": True}
    (saved,) = (await bob.get("/v1/me/saves"))["items"]
    assert (saved["id"], saved["viewer"]) == (post["id"], {"liked": False, "saved": True})
    assert (await alice.get(f"/v1/posts/{post['id']}"))["viewer"]["saved"] is False
    assert (await alice.get("/v1/me/saves"))["items"] == []
    await alice.delete(f"/v1/posts/{post['id']}", status=204)
    assert (await bob.get("/v1/me/saves"))["items"] == []
