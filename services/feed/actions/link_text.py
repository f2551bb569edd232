"""Finds what a text links to, with the ids of those whom it mentions."""

from prometheus_client import Counter

from services.feed.clients.users import UsersClient
from services.feed.domain.entities import read_text
from services.feed.domain.linked_text import LinkedText
from shared.errors import Unavailable

_UNLINKED = Counter(
    "retrato_feed_texts_unlinked_total",
    "Texts written while users could not say who is mentioned; a worker links them later.",
)


async def link_text(users: UsersClient, text: str, writer_id: int) -> LinkedText:
    """One call at most, and none for a text that mentions nobody."""
    read = read_text(text)
    if not read.mentions:
        return read.linked({})
    try:
        return read.linked(await users.ids_by_usernames(read.mentions, viewer_id=writer_id))
    except Unavailable:
        # Readers see the mentions without links until a worker reads the text again.
        _UNLINKED.inc()
        return read.linked(None)
