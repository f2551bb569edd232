"""Finds public posts and tags for a viewer, whether or not they follow anybody."""

from services.gateway.actions.author_cards import AuthorCards
from services.gateway.clients.feed import FeedClient
from services.gateway.domain.pages import PageRequest
from services.gateway.domain.visibility import CardsById, author_ids, is_public
from shared.contracts.posts import PostPage, TagFound


async def read_tag_timeline(
    feed: FeedClient, cards: AuthorCards, tag: str, page: PageRequest, viewer_id: int
) -> tuple[PostPage, CardsById]:
    """Posts of a tag by public accounts, with the authors' cards."""
    posts = await feed.tag_timeline(tag, page.params(), viewer_id=viewer_id)
    return await _public_only(cards, posts, viewer_id)


async def read_explore(
    feed: FeedClient, cards: AuthorCards, page: PageRequest, viewer_id: int
) -> tuple[PostPage, CardsById]:
    """Popular posts by public accounts, with the authors' cards."""
    posts = await feed.explore(page.params(), viewer_id=viewer_id)
    return await _public_only(cards, posts, viewer_id)


async def _public_only(
    cards: AuthorCards, posts: PostPage, viewer_id: int
) -> tuple[PostPage, CardsById]:
    """Keep only the posts of public accounts."""
    authors, _ = await cards.page_cards(author_ids(posts["items"]), viewer_id)
    public = [post for post in posts["items"] if is_public(post["author_id"], authors)]
    return {**posts, "items": public}, authors


async def find_tags(
    feed: FeedClient, cards: AuthorCards, q: str, limit: int, viewer_id: int
) -> list[TagFound]:
    """Tags that begin with `q` and have a public author among their newest posts.

    A tag that only private accounts use would reveal something about them.
    """
    found = (await feed.tags(q, limit, viewer_id=viewer_id))["items"]
    everybody = dict.fromkeys(author_id for tag in found for author_id in tag["author_ids"])
    authors, _ = await cards.page_cards(list(everybody), viewer_id)
    return [
        tag
        for tag in found
        if any(is_public(author_id, authors) for author_id in tag["author_ids"])
    ]
