"""How tags were spelled before `entities.TEXT_RULES` 1.

Posts and comments with a `text_rules` of 0 have these names; delete the module once no row has it.
"""

import unicodedata

_TAG_CHARACTERS_MAX = 100
_JOINERS = "\u200c\u200d"


def former_tag_name(text: str) -> str | None:
    """The former tag name of a text without its sign; None if it was no tag."""
    tag = text.strip(_JOINERS)
    if len(tag) > _TAG_CHARACTERS_MAX or not any(_category(c) == "L" for c in tag):
        return None
    if any(c != "_" and c not in _JOINERS and _category(c) not in "LMN" for c in tag):
        return None
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", tag).casefold())


def _category(character: str) -> str:
    return unicodedata.category(character)[0]
