"""The one privacy decision: may this viewer see what this person publishes, or know of them?"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Relation:
    """How a viewer and an owner stand to each other; the default is two strangers."""

    following: bool = False
    requested: bool = False
    followed_by: bool = False
    blocking: bool = False
    blocked_by: bool = False
    muting: bool = False


STRANGERS = Relation()


def may_know(viewer_id: int | None, owner_id: int, relation: Relation) -> bool:
    """May the viewer learn that the owner exists? A block hides each from the other."""
    return viewer_id == owner_id or not (relation.blocking or relation.blocked_by)


def may_view(
    viewer_id: int | None, owner_id: int, relation: Relation, *, owner_is_private: bool
) -> bool:
    """May the viewer see posts, photos and lists of the owner?

    A mute does not count: it is the viewer's wish for the own timelines and takes no right away.
    """
    if viewer_id == owner_id:
        return True
    if not may_know(viewer_id, owner_id, relation):
        return False
    return relation.following or not owner_is_private
