"""Feed's calls to users."""

from services.feed.clients.users import UsersClient
from tests.feed.cast import new_id
from tests.feed.fake_users import FakeUsers


async def test_followers_come_in_pages(users: UsersClient, fake_users: FakeUsers) -> None:
    alice = new_id()
    followers = sorted(new_id() for _ in range(3))
    for follower in followers:
        fake_users.follow(follower, alice)
    fake_users.ids_page_max = 2
    first = await users.follower_ids(alice, after=0)
    assert first == {"ids": followers[:2], "next_after": followers[1], "total": 3}
    assert await users.follower_ids(alice, after=followers[1]) == {
        "ids": followers[2:],
        "next_after": None,
        "total": None,
    }


async def test_visibility_is_asked_for_the_given_viewer(
    users: UsersClient, fake_users: FakeUsers
) -> None:
    alice, bob, carol = new_id(), new_id(), new_id()
    fake_users.hide(alice, bob)
    assert not await users.may_view(alice, viewer_id=bob)
    assert await users.may_view(alice, viewer_id=carol)
