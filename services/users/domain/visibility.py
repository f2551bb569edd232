"""The one privacy decision: may this viewer see a person's posts, or know of the person?"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Relation:
    """The edges between a viewer and an owner; the default is two strangers."""

    following: bool = False
    requested: bool = False
    followed_by: bool = False
    blocking: bool = False
    blocked_by: bool = False
    muting: bool = False


STRANGERS = Relation()


def may_know(viewer_id: int | None, owner_id: int, relation: Relation) -> bool:
    """Whether the viewer may learn that the owner exists; a block hides each from the other."""
    return viewer_id == owner_id or not (relation.blocking or relation.blocked_by)


def may_view(
    viewer_id: int | None, owner_id: int, relation: Relation, *, owner_is_private: bool
) -> bool:
    """Whether the viewer may see the owner's posts, photos and lists.

    A mute does not count: it only concerns the viewer's timelines and takes no right away.
    """
    if viewer_id == owner_id:
        return True
    if not may_know(viewer_id, owner_id, relation):
        return False
    return relation.following or not owner_is_private
