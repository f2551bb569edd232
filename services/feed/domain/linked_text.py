"""What is stored beside a caption or a comment; `entities` reads it from the text."""

from dataclasses import dataclass

from shared.contracts.posts import Entity


@dataclass(frozen=True, slots=True)
class LinkedText:
    """What is stored beside a text; `entities` are in order of appearance."""

    hashtags: list[str]
    mentions: list[str]
    entities: list[Entity]
    mentioned: list[int]
    rules: int
