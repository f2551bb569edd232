"""Shows bodies to a viewer: with the viewer's own marks and the present counts."""

from collections.abc import Sequence

from services.feed.domain.post_bodies import PostBody, shown
from services.feed.store.post_marks import PostMarks
from shared.contracts.posts import Post


async def show_posts(marks: PostMarks, bodies: Sequence[PostBody], viewer_id: int) -> list[Post]:
    """The posts in their order; raises Unavailable if the marks cannot be had."""
    seen = await marks.of([body["id"] for body in bodies], viewer_id)
    return [shown(body, seen) for body in bodies]
