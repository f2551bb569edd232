"""Following, unfollowing, and the lists of both."""

from tests.eventually import eventually
from tests.journeys.phone import Phone


async def counts_of(viewer: Phone, whom: Phone) -> tuple[int, int]:
    counts = (await viewer.get(f"/v1/users/{whom.id}"))["counts"]
    return counts["followers"], counts["following"]


async def test_following_shows_on_both_sides(alice: Phone, bob: Phone) -> None:
    followed = await alice.follow(bob)
    assert followed["relationship"]["following"] is True
    assert (await alice.get(f"/v1/users/{bob.id}"))["relationship"]["following"] is True

    async def both_agree() -> None:
        relationship = (await bob.get(f"/v1/users/{alice.id}"))["relationship"]
        assert relationship["followed_by"] is True
        assert await counts_of(bob, bob) == (1, 0)
        assert await counts_of(bob, alice) == (0, 1)

    await eventually(both_agree)


async def test_following_twice_changes_nothing(alice: Phone, bob: Phone) -> None:
    assert await alice.follow(bob) == await alice.follow(bob)

    async def counted_once() -> None:
        assert await counts_of(alice, bob) == (1, 0)

    await eventually(counted_once)


async def test_unfollowing_removes_the_posts(alice: Phone, bob: Phone) -> None:
    await bob.follow(alice)
    post = await alice.post()
    await bob.sees(post["id"])
    for _ in range(2):
        unfollowed = await bob.delete(f"/v1/users/{alice.id}/follow")
        assert unfollowed["relationship"]["following"] is False

    async def gone() -> None:
        assert await bob.home() == []
        assert await counts_of(bob, alice) == (0, 0)

    await eventually(gone)


async def test_nobody_follows_themselves(alice: Phone) -> None:
    assert (await alice.put(f"/v1/users/{alice.id}/follow", status=422))["code"]


async def test_an_unknown_person_cannot_be_followed(alice: Phone) -> None:
    assert (await alice.put("/v1/users/1/follow", status=404))["code"] == "not_found"


async def test_the_lists_are_newest_first_and_paged(alice: Phone, bob: Phone, carol: Phone) -> None:
    await bob.follow(alice)
    await carol.follow(alice)

    async def both_listed() -> None:
        page = await alice.get(f"/v1/users/{alice.id}/followers")
        names = [person["username"] for person in page["items"]]
        assert names == [carol.username, bob.username]

    await eventually(both_listed)
    first = await alice.http.get(f"/v1/users/{alice.id}/followers?limit=1")
    second = await alice.http.get(first.links["next"]["url"])
    names = [page.json()["items"][0]["username"] for page in (first, second)]
    assert names == [carol.username, bob.username]
    following = await bob.get(f"/v1/users/{bob.id}/following")
    assert [person["username"] for person in following["items"]] == [alice.username]
