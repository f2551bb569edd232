"""One post, and the posts of one person."""

import pytest

from services.feed.actions.pin_post import pin_post
from services.feed.actions.read_posts import read_post, read_user_posts, read_user_posts_above
from services.feed.domain.gaps import gap_start
from services.feed.resources import Resources
from shared.contracts.posts import PostPage
from shared.errors import Invalid, NotFound
from tests.feed.cast import Cast, new_id


async def test_an_unknown_post_is_not_found(resources: Resources) -> None:
    with pytest.raises(NotFound):
        await read_post(resources.bodies, resources.reactions, new_id(), new_id())


async def test_a_persons_posts_come_in_pages_newest_first(cast: Cast, resources: Resources) -> None:
    alice, bob = new_id(), new_id()
    posts = await cast.has_published(alice, 7)
    await cast.has_published(bob, 2)
    seen: list[int] = []
    cursor: str | None = None
    while True:
        page: PostPage = await read_user_posts(
            resources.group, resources.reactions, alice, bob, (3, cursor)
        )
        seen += [post["id"] for post in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == posts


async def test_the_last_page_has_no_cursor_even_if_it_is_full(
    cast: Cast, resources: Resources
) -> None:
    alice = new_id()
    await cast.has_published(alice, 3)
    page = await read_user_posts(resources.group, resources.reactions, alice, alice, (3, None))
    assert page["next_cursor"] is None


async def test_an_author_sees_a_new_post_in_their_list_at_once(
    cast: Cast, resources: Resources
) -> None:
    alice = new_id()
    for _ in range(5):
        post = await cast.publishes(alice)
        page = await read_user_posts(resources.group, resources.reactions, alice, alice, (1, None))
        assert page["items"][0]["id"] == post


async def test_a_malformed_cursor_is_refused(resources: Resources) -> None:
    with pytest.raises(Invalid):
        await read_user_posts(resources.group, resources.reactions, new_id(), new_id(), (3, "x"))


async def test_a_gap_in_a_persons_posts_is_filled_upwards_with_pinned_posts_in_order_of_time(
    cast: Cast, resources: Resources
) -> None:
    alice, bob = new_id(), new_id()
    posts = await cast.has_published(alice, 8)
    await cast.has_published(bob, 2)
    await pin_post(
        resources.group, resources.bodies, resources.users, (alice, posts[5]), is_pinned=True
    )
    seen: list[int] = []
    cursor: str | None = None
    while True:
        page = await read_user_posts_above(
            resources.group, resources.reactions, alice, alice, (3, gap_start(posts[-1], cursor))
        )
        seen = [post["id"] for post in page["items"]] + seen
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == posts[:-1]
    top = await read_user_posts_above(
        resources.group, resources.reactions, alice, alice, (3, posts[0])
    )
    assert (top["items"], top["next_cursor"]) == ([], None)
