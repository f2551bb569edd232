"""Finds what a caption or comment links to: its hashtags, and the users it mentions."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice

from services.feed.domain.hashtags import Link, find_hashtags
from services.feed.domain.linked_text import LinkedText
from services.feed.domain.mentions import find_mentions
from services.feed.domain.web_addresses import web_addresses
from shared.contracts.posts import Entity

# More is spam: the text keeps them, but they do not become links.
HASHTAGS_MAX = 30
MENTIONS_MAX = 30
_LINKS_MAX = 100

# Raise it when the rules change; a worker then re-reads all older rows.
TEXT_RULES = 1
# Marks a row that a worker must re-read.
UNREAD = 0


@dataclass(frozen=True, slots=True)
class ReadText:
    """The distinct hashtags and usernames in order of appearance, and all their positions."""

    hashtags: list[str]
    mentions: list[str]
    _tag_links: tuple[Link, ...]
    _name_links: tuple[Link, ...]

    def linked(self, user_ids: Mapping[str, int] | None) -> LinkedText:
        """Add the ids of mentioned users by name; None means that users did not answer."""
        known = user_ids or {}
        return LinkedText(
            self.hashtags,
            self.mentions,
            self._entities(known),
            sorted({known[name] for name in self.mentions if name in known}),
            TEXT_RULES if user_ids is not None or not self.mentions else UNREAD,
        )

    def _entities(self, user_ids: Mapping[str, int]) -> list[Entity]:
        found: list[Entity] = [
            {"kind": "hashtag", "start": link.start, "end": link.end, "tag": link.name}
            for link in self._tag_links
        ]
        found += [
            {
                "kind": "mention",
                "start": link.start,
                "end": link.end,
                "user_id": str(user_ids[link.name]),
            }
            for link in self._name_links
            if link.name in user_ids
        ]
        return sorted(found, key=lambda entity: entity["start"])


def read_text(text: str) -> ReadText:
    """Find hashtags and mentions; those inside web addresses do not count."""
    addresses = list(web_addresses(text))
    hashtags, tag_links = _distinct(find_hashtags(text, addresses), HASHTAGS_MAX)
    mentions, name_links = _distinct(find_mentions(text, addresses), MENTIONS_MAX)
    return ReadText(hashtags, mentions, tag_links, name_links)


def _distinct(links: Iterable[Link], names_max: int) -> tuple[list[str], tuple[Link, ...]]:
    names: dict[str, None] = {}
    kept: list[Link] = []
    for link in islice(links, _LINKS_MAX):
        if link.name in names or len(names) < names_max:
            names.setdefault(link.name)
            kept.append(link)
    return list(names), tuple(kept)
