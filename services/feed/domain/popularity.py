"""Ranks posts by likes, comments and age."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

# A comment takes more effort than a like.
_COMMENT_WEIGHT = 2
# A post's score falls every hour; after a day it is 2 % of the first.
_GRAVITY = 1.5
_HOURS_AT_FIRST = 2.0


@dataclass(frozen=True, slots=True)
class Candidate:
    """A post that may be popular; `age_h` is its age in hours."""

    post_id: int
    author_id: int
    likes: int
    comments: int
    age_h: float

    @property
    def score(self) -> float:
        """Engagement plus one over a power of age; the one orders new posts by age, too."""
        weight = 1 + self.likes + _COMMENT_WEIGHT * self.comments
        hours = max(self.age_h, 0.0) + _HOURS_AT_FIRST
        return weight / math.pow(hours, _GRAVITY)


def most_popular(candidates: Iterable[Candidate], limit: int) -> list[int]:
    """Ids of posts, the most popular first; each author's best post only.

    The same candidates always give the same order; among equals the newer comes first.
    """
    best: dict[int, Candidate] = {}
    for candidate in candidates:
        other = best.get(candidate.author_id)
        if other is None or _rank(candidate) > _rank(other):
            best[candidate.author_id] = candidate
    ranked = sorted(best.values(), key=_rank, reverse=True)
    return [candidate.post_id for candidate in ranked[:limit]]


def _rank(candidate: Candidate) -> tuple[float, int]:
    return candidate.score, candidate.post_id
