"""Private accounts, requests and blocks, as both sides see them."""

from tests.eventually import eventually
from tests.journeys.authorization.cast import change
from tests.journeys.phone import Phone


async def ids_in(phone: Phone, path: str) -> list[str]:
    return [person["id"] for person in (await phone.get(path))["items"]]


async def test_a_private_account_gets_a_request_and_accepts_it(alice: Phone, bob: Phone) -> None:
    await change(alice, is_private=True)
    post = await alice.post()
    assert (await bob.follow(alice))["relationship"]["requested"] is True
    await bob.get(f"/v1/posts/{post['id']}", status=404)
    assert await ids_in(alice, "/v1/me/follow-requests") == [bob.id]
    answered = await alice.put(f"/v1/me/follow-requests/{bob.id}")
    assert answered["relationship"]["followed_by"] is True
    await bob.get(f"/v1/posts/{post['id']}")
    await bob.sees(post["id"])
    assert await ids_in(alice, "/v1/me/follow-requests") == []


async def test_a_block_hides_each_from_the_other_and_cuts_both_follows(
    alice: Phone, bob: Phone
) -> None:
    await alice.follow(bob)
    await bob.follow(alice)
    post = await alice.post()
    await bob.sees(post["id"])
    await alice.put(f"/v1/users/{bob.id}/block")
    assert await ids_in(alice, "/v1/me/blocks") == [bob.id]

    async def hidden() -> None:
        assert await bob.home() == []
        for one, other in ((alice, bob), (bob, alice)):
            assert (await one.get("/v1/me"))["counts"] == {
                "posts": int(one is alice),
                "followers": 0,
                "following": 0,
            }
            await one.get(f"/v1/users/{other.id}", status=404)

    await eventually(hidden)
    await alice.delete(f"/v1/users/{bob.id}/block")
    assert (await bob.get(f"/v1/users/{alice.id}"))["relationship"]["following"] is False


async def test_counts_tell_no_more_than_lists(alice: Phone, bob: Phone, carol: Phone) -> None:
    post = await alice.post()
    for fan in (bob, carol):
        await fan.follow(alice)
        await fan.put(f"/v1/posts/{post['id']}/like")
        await fan.comment(post["id"], "Lovely.")
    await bob.put(f"/v1/users/{carol.id}/block")

    async def told(phone: Phone, hidden: int) -> None:
        shown = await phone.get(f"/v1/posts/{post['id']}")
        counts = {
            f"/v1/posts/{post['id']}/likes": shown["counts"]["likes"],
            f"/v1/posts/{post['id']}/comments": shown["counts"]["comments"],
            f"/v1/users/{alice.id}/followers": (await phone.get(f"/v1/users/{alice.id}"))["counts"][
                "followers"
            ],
        }
        for path, count in counts.items():
            page = await phone.get(path)
            assert page["hidden_count"] == hidden, path
            assert len(page["items"]) + hidden == count == 2, path

    await eventually(lambda: told(carol, 1))
    await eventually(lambda: told(alice, 0))


async def test_a_removed_follower_sees_no_more_of_a_private_account(
    alice: Phone, bob: Phone
) -> None:
    await bob.follow(alice)
    await change(alice, is_private=True)
    post = await alice.post()
    await bob.sees(post["id"])
    await alice.delete(f"/v1/me/followers/{bob.id}")
    await bob.get(f"/v1/posts/{post['id']}", status=404)
    assert await bob.home() == []


async def test_relationships_with_several_people_come_in_one_reply(
    alice: Phone, bob: Phone, carol: Phone
) -> None:
    await alice.follow(bob)
    await alice.put(f"/v1/users/{carol.id}/mute")
    found = await alice.get(f"/v1/relationships?ids={bob.id}&ids={carol.id}")
    told = {id_: {k for k, v in r.items() if v} for id_, r in found["relationships"].items()}
    assert told == {bob.id: {"following"}, carol.id: {"muting"}}
    assert await ids_in(alice, "/v1/me/mutes") == [carol.id]


async def test_a_mute_affects_only_the_viewers_own_timeline(alice: Phone, bob: Phone) -> None:
    await bob.follow(alice)
    post = await alice.post()
    await bob.sees(post["id"])
    await bob.put(f"/v1/users/{alice.id}/mute")
    assert await bob.home() == []
    assert (await bob.get(f"/v1/posts/{post['id']}"))["id"] == post["id"]
    await bob.delete(f"/v1/users/{alice.id}/mute")
    assert [item["id"] for item in await bob.home()] == [post["id"]]
