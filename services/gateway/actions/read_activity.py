"""Activity together with the cards of those whom it names."""

from services.gateway.actions.authors_of import AuthorCards
from services.gateway.clients.feed import FeedClient
from services.gateway.domain.activity import people_in
from services.gateway.domain.pages import PageRequest
from services.gateway.domain.posts import Authors
from shared.contracts.activity import ActivityPage


async def read_activity(
    feed: FeedClient, cards: AuthorCards, page: PageRequest, viewer_id: int
) -> tuple[ActivityPage, Authors]:
    """Feed has asked users already what the viewer may be told of; here it is only named."""
    found = await feed.activity(page.params(), viewer_id=viewer_id)
    people, _ = await cards.of_page(people_in(found), viewer_id)
    return found, people
