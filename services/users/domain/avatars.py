"""Picks the rendition that serves as an avatar."""

from collections.abc import Iterable

from shared.contracts.photos import Rendition

_NAME = "thumb"


def avatar_key_of(renditions: Iterable[Rendition]) -> str:
    """The key, without a host, of the square rendition, which every ready photo has."""
    return next(rendition["key"] for rendition in renditions if rendition["name"] == _NAME)
