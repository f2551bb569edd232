"""How the rules before `entities.TEXT_RULES` spelled a tag.

Posts and comments whose `text_rules` is 0 stand under these names; the module goes once no row is.
"""

import unicodedata

_TAG_CHARACTERS_MAX = 100
_JOINERS = "\u200c\u200d"


def former_tag_name(text: str) -> str | None:
    """The text without sign as a tag of before; None if it was none."""
    tag = text.strip(_JOINERS)
    if len(tag) > _TAG_CHARACTERS_MAX or not any(_category(c) == "L" for c in tag):
        return None
    if any(c != "_" and c not in _JOINERS and _category(c) not in "LMN" for c in tag):
        return None
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", tag).casefold())


def _category(character: str) -> str:
    return unicodedata.category(character)[0]
