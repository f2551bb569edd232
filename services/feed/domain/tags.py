"""Tags as nodes of the graph: each has an id made of its name, and thereby a shard."""

import hashlib

from services.feed.domain.hashtags import folded_hashtag

_ID_BITS = 63


def tag_id(tag: str) -> int:
    """The id of a folded tag, the same everywhere and for good.

    Two names of one id would share their counts and pages; of a billion tags, one pair in twenty
    does. Readers of a page look at the posts' own tags, so nobody sees it.
    """
    digest = hashlib.sha256(tag.encode()).digest()
    return (int.from_bytes(digest[:8], "big") & ((1 << _ID_BITS) - 1)) or 1


def tag_named(text: str) -> str | None:
    """The tag that somebody asks for, with or without its sign; None if it can be no tag."""
    return folded_hashtag(text.removeprefix("#"))
