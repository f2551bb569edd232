"""Which characters a text may hold."""

import unicodedata

# The control characters that texts of several lines need.
LINE_CONTROLS = "\n\r\t"


def is_text(text: str, controls: str) -> bool:
    """Whether the text has no other control characters and no lone surrogates."""
    # Neither JSON nor Postgres accepts half a surrogate pair.
    return not any(
        unicodedata.category(character) in {"Cc", "Cs"} and character not in controls
        for character in text
    )
