"""The ranked order of a home timeline: by recency, affinity and engagement."""

import math
from collections.abc import Iterable, Mapping

from services.feed.domain.popularity import Candidate

# Early hours weigh most: half of the weight is gone after 5.5 h.
_HOURS_AT_FIRST = 4.0
_RECENCY = 0.8
_COMMENT_WEIGHT = 2


def ranked(candidates: Iterable[Candidate], affinity: Mapping[int, int]) -> list[int]:
    """Ids of posts, the best first: recency × affinity × engagement.

    `affinity` counts the viewer's recent likes and comments per author. Affinity and engagement
    enter as logarithms, so the tenth like matters less than the first. The order is deterministic;
    among equals the newer comes first.
    """

    def score(post: Candidate) -> tuple[float, int]:
        recency = math.pow(max(post.age_h, 0.0) + _HOURS_AT_FIRST, -_RECENCY)
        cares = 1 + math.log2(1 + affinity.get(post.author_id, 0))
        engagement = 1 + math.log2(1 + post.likes + _COMMENT_WEIGHT * post.comments) / 4
        return recency * cares * engagement, post.post_id

    return [post.post_id for post in sorted(candidates, key=score, reverse=True)]
