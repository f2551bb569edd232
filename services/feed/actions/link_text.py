"""Finds the links of a text, with the ids of the users it mentions."""

from prometheus_client import Counter

from services.feed.clients.users import UsersClient
from services.feed.domain.entities import read_text
from services.feed.domain.linked_text import LinkedText
from shared.errors import Unavailable

_UNLINKED = Counter(
    "retrato_feed_texts_unlinked_total",
    "Texts whose mentions users could not resolve; a worker links them later.",
)


async def link_text(users: UsersClient, text: str, writer_id: int) -> LinkedText:
    """Find links and mentions; asks users once, and only if the text mentions somebody."""
    read = read_text(text)
    if not read.mentions:
        return read.linked({})
    try:
        return read.linked(await users.ids_by_usernames(read.mentions, viewer_id=writer_id))
    except Unavailable:
        # Mentions show without links until a worker reads the text again.
        _UNLINKED.inc()
        return read.linked(None)
