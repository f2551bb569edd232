"""Comments as a viewer pages through them."""

import pytest

from services.feed.actions.like_comment import like_comment, unlike_comment
from services.feed.actions.read_comments import read_comment, read_comments
from services.feed.resources import Resources
from shared.contracts.posts import CommentPage
from shared.errors import Invalid, NotFound
from tests.feed.cast import Cast, new_id


async def _page(
    resources: Resources, post_id: int, viewer_id: int, limit: int, cursor: str | None
) -> CommentPage:
    return await read_comments(
        resources.bodies,
        resources.comments,
        resources.comment_likes,
        post_id,
        viewer_id,
        (limit, cursor),
    )


async def test_pages_stay_oldest_first_while_comments_are_written_and_deleted(
    cast: Cast, resources: Resources
) -> None:
    post, bob = await cast.publishes(new_id()), new_id()
    written = [await cast.comments(bob, post) for _ in range(5)]
    first = await _page(resources, post, bob, 2, None)
    await cast.deletes_comment(bob, written[0])
    late = await cast.comments(bob, post)
    second = await _page(resources, post, bob, 2, first["next_cursor"])
    third = await _page(resources, post, bob, 2, second["next_cursor"])
    seen = [one["id"] for page in (first, second, third) for one in page["items"]]
    assert seen == [*written, late]
    assert third["next_cursor"] is None


async def test_a_comment_shows_its_like_count_and_the_viewers_own_like(
    cast: Cast, resources: Resources
) -> None:
    post, bob, carol = await cast.publishes(new_id()), new_id(), new_id()
    comment = await cast.comments(bob, post)
    for _ in range(2):
        liked = await like_comment(
            resources.group, resources.comments, resources.comment_likes, comment, carol
        )
        assert liked == {"liked": True, "like_count": 1}
    for viewer, is_own in ((carol, True), (bob, False)):
        (shown,) = (await _page(resources, post, viewer, 20, None))["items"]
        assert (shown["liked"], shown["like_count"]) == (is_own, 1)
    for _ in range(2):
        liked = await unlike_comment(
            resources.group, resources.comments, resources.comment_likes, comment, carol
        )
        assert liked == {"liked": False, "like_count": 0}


async def test_a_deleted_comment_can_be_neither_read_nor_liked(
    cast: Cast, resources: Resources
) -> None:
    bob = new_id()
    comment = await cast.comments(bob, await cast.publishes(new_id()))
    await cast.deletes_comment(bob, comment)
    for comment_id in (comment, new_id()):
        with pytest.raises(NotFound):
            await read_comment(resources.comments, resources.comment_likes, comment_id, bob)
        with pytest.raises(NotFound):
            await like_comment(
                resources.group, resources.comments, resources.comment_likes, comment_id, bob
            )
    with pytest.raises(NotFound):
        await _page(resources, new_id(), bob, 20, None)


async def test_a_malformed_cursor_is_refused(cast: Cast, resources: Resources) -> None:
    post = await cast.publishes(new_id())
    with pytest.raises(Invalid):
        await _page(resources, post, new_id(), 20, "x")
