"""What text people may write."""

import unicodedata

# The controls that a text of several lines consists of.
LINE_CONTROLS = "\n\r\t"


def is_text(text: str, controls: str) -> bool:
    """No control characters but these, and nothing that is no character at all."""
    # Half a surrogate pair is none: neither JSON nor the database takes it.
    return not any(
        unicodedata.category(character) in {"Cc", "Cs"} and character not in controls
        for character in text
    )
