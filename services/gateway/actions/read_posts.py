"""Posts with the cards of their authors, which decide whether the viewer gets them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from services.gateway.actions.author_cards import AuthorCards
from services.gateway.actions.side_by_side import side_by_side
from services.gateway.clients.feed import FeedClient
from services.gateway.domain.pages import PageRequest
from services.gateway.domain.visibility import CardsById, author_ids, may_be_met, may_be_shown
from shared.contracts.posts import HomePage, Post, PostPage
from shared.errors import NotFound, Unavailable

# Under pressure a page shrinks to what fills a screen before it is refused; its cursor goes on.
_PRESSED_POSTS_MAX = 8


@dataclass(frozen=True, slots=True)
class PostWithAuthor:
    """A post that the viewer may see, with its author's card."""

    post: Post
    authors: CardsById


async def read_home_timeline(
    feed: FeedClient, cards: AuthorCards, page: PageRequest, viewer_id: int, *, is_pressed: bool
) -> tuple[HomePage, CardsById]:
    """A page with the cards of all its authors: two calls for any page length.

    If some posts are dropped, two more calls refill the page once; what is then missing stays
    missing.
    """
    is_short = is_pressed and page.limit > _PRESSED_POSTS_MAX
    asked = replace(page, limit=_PRESSED_POSTS_MAX) if is_short else page
    home, authors, is_of_now = await _read_part(feed, cards, asked, viewer_id)
    if is_short or not is_of_now:
        return {**home, "completeness": "partial"}, authors
    left_out = sum(not may_be_met(post, authors) for post in home["items"])
    if not left_out or home["next_cursor"] is None or page.since is not None:
        return home, authors
    rest = replace(asked.next_part(home["next_cursor"]), limit=left_out)
    try:
        more, of_more, is_of_now = await _read_part(feed, cards, rest, viewer_id)
    except Unavailable:
        # The viewer gets a shorter page, whose cursor goes on.
        return home, authors
    both: HomePage = {**more, "items": [*home["items"], *more["items"]]}
    if not is_of_now or home["completeness"] == "partial":
        both["completeness"] = "partial"
    return both, {**authors, **of_more}


async def _read_part(
    feed: FeedClient, cards: AuthorCards, page: PageRequest, viewer_id: int
) -> tuple[HomePage, CardsById, bool]:
    home = await feed.home_timeline(page.params(), viewer_id=viewer_id)
    return home, *await cards.page_cards(author_ids(home["items"]), viewer_id)


async def read_user_posts(
    feed: FeedClient, cards: AuthorCards, user_id: int, page: PageRequest, viewer_id: int
) -> tuple[PostPage, CardsById]:
    """An author's posts; raises NotFound if the viewer may not see them."""
    (authors, _), posts = await side_by_side(
        cards.page_cards([user_id], viewer_id),
        feed.posts_of(user_id, page.params(), viewer_id=viewer_id),
    )
    author = authors.get(str(user_id))
    if author is None or not author["may_view"]:
        raise NotFound
    return posts, authors


async def read_posts(
    feed: FeedClient, cards: AuthorCards, post_ids: Sequence[int], viewer_id: int
) -> tuple[PostPage, CardsById]:
    """Several posts in the order asked for, and their authors' cards: two calls."""
    found = await feed.posts(post_ids, viewer_id=viewer_id)
    authors, _ = await cards.page_cards(author_ids(found["items"]), viewer_id)
    return found, authors


async def read_post(
    feed: FeedClient, cards: AuthorCards, post_id: int, viewer_id: int
) -> PostWithAuthor:
    """One post; raises NotFound both if it is gone and if the viewer may not see it."""
    post = await feed.post(post_id, viewer_id=viewer_id)
    authors, _ = await cards.page_cards([post["author_id"]], viewer_id)
    if not may_be_shown(post, authors):
        raise NotFound
    return PostWithAuthor(post, authors)
