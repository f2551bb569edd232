"""Comments together with the cards of those who wrote them, which decide who gets them."""

from dataclasses import dataclass

from services.gateway.actions.authors_of import AuthorCards
from services.gateway.actions.read_posts import read_post
from services.gateway.clients.feed import FeedClient
from services.gateway.domain.comments import may_be_read, people_in
from services.gateway.domain.pages import PageRequest
from services.gateway.domain.posts import Authors
from shared.contracts.posts import Comment, CommentPage
from shared.errors import NotFound


@dataclass(frozen=True, slots=True)
class CommentWithPeople:
    """A comment that the viewer may read."""

    comment: Comment
    people: Authors


async def read_comments(
    feed: FeedClient, cards: AuthorCards, post_id: int, page: PageRequest, viewer_id: int
) -> tuple[CommentPage, Authors]:
    """A page and everybody's cards in one call; raises NotFound where reading the post would."""
    found = await feed.comments(post_id, page.params(), viewer_id=viewer_id)
    people_ids = people_in(found["items"])
    return found, await cards.of_page_under(found["author_id"], people_ids, viewer_id)


async def read_comment(
    feed: FeedClient, cards: AuthorCards, comment_id: int, viewer_id: int
) -> CommentWithPeople:
    """One comment; raises NotFound where the viewer may not see it or its post."""
    comment = await feed.comment(comment_id, viewer_id=viewer_id)
    await read_post(feed, cards, comment["post_id"], viewer_id)
    people = await cards.of(people_in([comment]), viewer_id)
    if not may_be_read(comment, people):
        raise NotFound
    return CommentWithPeople(comment, people)
