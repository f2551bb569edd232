"""Tags as nodes of the graph: each has an id made of its name, and thereby a shard."""

import hashlib

from services.feed.domain.former_tag_names import former_tag_name
from services.feed.domain.tag_names import tag_name, tag_prefix, without_sign

_ID_BITS = 63


def tag_id(tag: str) -> int:
    """The id of a folded tag, the same everywhere and for good.

    Two names of one id would share their counts and pages; of a billion tags, one pair in twenty
    does. Readers of a page look at the posts' own tags, so nobody sees it.
    """
    digest = hashlib.sha256(tag.encode()).digest()
    return (int.from_bytes(digest[:8], "big") & ((1 << _ID_BITS) - 1)) or 1


def tags_named(text: str) -> frozenset[str]:
    """The tag that somebody asks for, in any spelling that captions take; empty if it is none.

    With it the name that older rules gave it, under which posts stand until they are read anew.
    """
    bare = without_sign(text)
    return _present(tag_name(bare), former_tag_name(bare))


def tags_begin(text: str) -> frozenset[str]:
    """How the tags begin that somebody looks for, likewise; empty if no tag can."""
    bare = without_sign(text)
    return _present(tag_prefix(bare), former_tag_name(bare))


def _present(*names: str | None) -> frozenset[str]:
    return frozenset(name for name in names if name is not None)
