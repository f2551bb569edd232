"""Tags as graph nodes: the id, and thereby the shard, derives from the name."""

import hashlib

from services.feed.domain.former_tag_names import former_tag_name
from services.feed.domain.tag_names import tag_name, tag_prefix, without_sign

_ID_BITS = 63


def tag_id(tag: str) -> int:
    """The id of a folded tag; it never changes.

    Two names with one id would share counts and pages; among a billion tags that happens with a
    chance of 5 %. Readers check the posts' own tags, so no wrong post shows.
    """
    digest = hashlib.sha256(tag.encode()).digest()
    return (int.from_bytes(digest[:8], "big") & ((1 << _ID_BITS) - 1)) or 1


def tags_named(text: str) -> frozenset[str]:
    """The folded tag that a client asks for, in any spelling; empty if it is no tag.

    It adds the name under the former rules, which posts have until a worker re-reads them.
    """
    bare = without_sign(text)
    return _present(tag_name(bare), former_tag_name(bare))


def tags_begin(text: str) -> frozenset[str]:
    """The folded prefixes for a tag search, under both rules; empty if no tag begins so."""
    bare = without_sign(text)
    return _present(tag_prefix(bare), former_tag_name(bare))


def _present(*names: str | None) -> frozenset[str]:
    return frozenset(name for name in names if name is not None)
