"""Likers of a post, and posts the viewer likes or has saved, with the cards that decide."""

from services.gateway.actions.author_cards import AuthorCards
from services.gateway.clients.feed import FeedClient
from services.gateway.domain.pages import PageRequest
from services.gateway.domain.visibility import CardsById, author_ids
from shared.contracts.people import CountedPersonPage
from shared.contracts.posts import PostPage


async def read_likers(
    feed: FeedClient, cards: AuthorCards, post_id: int, page: PageRequest, viewer_id: int
) -> CountedPersonPage:
    """Likers whom the viewer may know of; raises NotFound if they may not see the post."""
    found = await feed.likers(post_id, page.params(), viewer_id=viewer_id)
    people = await cards.cards_under_post(found["author_id"], found["ids"], viewer_id)
    known = [people[str(user_id)] for user_id in found["ids"] if str(user_id) in people]
    return {
        "items": known,
        "next_cursor": found["next_cursor"],
        "hidden_count": len(found["ids"]) - len(known),
    }


async def read_own_likes(
    feed: FeedClient, cards: AuthorCards, page: PageRequest, viewer_id: int
) -> tuple[PostPage, CardsById]:
    """Posts that the viewer likes, and their authors' cards."""
    posts = await feed.own_likes(page.params(), viewer_id=viewer_id)
    authors, _ = await cards.page_cards(author_ids(posts["items"]), viewer_id)
    return posts, authors


async def read_own_saves(
    feed: FeedClient, cards: AuthorCards, page: PageRequest, viewer_id: int
) -> tuple[PostPage, CardsById]:
    """Posts that the viewer has saved, and their authors' cards."""
    posts = await feed.own_saves(page.params(), viewer_id=viewer_id)
    authors, _ = await cards.page_cards(author_ids(posts["items"]), viewer_id)
    return posts, authors
