"""Comments with the cards of their writers, which decide whether the viewer gets them."""

from dataclasses import dataclass

from services.gateway.actions.author_cards import AuthorCards
from services.gateway.actions.read_posts import read_post
from services.gateway.clients.feed import FeedClient
from services.gateway.domain.pages import PageRequest
from services.gateway.domain.visibility import CardsById, comment_people_ids, may_be_read
from shared.contracts.posts import Comment, CommentPage
from shared.errors import NotFound


@dataclass(frozen=True, slots=True)
class CommentWithPeople:
    """A comment that the viewer may read, with the cards of its people."""

    comment: Comment
    people: CardsById


async def read_comments(
    feed: FeedClient, cards: AuthorCards, post_id: int, page: PageRequest, viewer_id: int
) -> tuple[CommentPage, CardsById]:
    """A page, and all cards from one call; raises NotFound if the viewer may not see the post."""
    found = await feed.comments(post_id, page.params(), viewer_id=viewer_id)
    people_ids = comment_people_ids(found["items"])
    return found, await cards.cards_under_post(found["author_id"], people_ids, viewer_id)


async def read_comment(
    feed: FeedClient, cards: AuthorCards, comment_id: int, viewer_id: int
) -> CommentWithPeople:
    """One comment; raises NotFound if the viewer may not see it or its post."""
    comment = await feed.comment(comment_id, viewer_id=viewer_id)
    await read_post(feed, cards, comment["post_id"], viewer_id)
    people = await cards.current_cards(comment_people_ids([comment]), viewer_id)
    if not may_be_read(comment, people):
        raise NotFound
    return CommentWithPeople(comment, people)
