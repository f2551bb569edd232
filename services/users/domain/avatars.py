"""Which of a photo's renditions stands for a person."""

from collections.abc import Iterable

from shared.contracts.photos import Rendition

_NAME = "thumb"


def avatar_key_of(renditions: Iterable[Rendition]) -> str:
    """The host-free key of the square one, which every ready photo has."""
    return next(rendition["key"] for rendition in renditions if rendition["name"] == _NAME)
