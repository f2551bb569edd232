"""What is stored beside a caption or a comment; how a text is read stands in `entities`."""

from dataclasses import dataclass

from shared.contracts.posts import Entity


@dataclass(frozen=True, slots=True)
class LinkedText:
    """What is stored of a text beside it; `entities` in order of appearance."""

    hashtags: list[str]
    mentions: list[str]
    entities: list[Entity]
    mentioned: list[int]
    rules: int
