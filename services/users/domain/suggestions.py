"""Whom to suggest: the people whom many of the followed follow."""

from collections.abc import Mapping

from services.users.domain.visibility import Relation

# What bounds the cost: so many of the followed are asked, the newest follows first, for so many
# newest follows of each; at most 10,000 rows. Beyond, the order of the best hardly changes.
FOLLOWED_SAMPLED_MAX = 100
FOLLOWS_OF_EACH_MAX = 100
# So many of the best are compared with what the viewer already is to them.
CANDIDATES_MAX = 1_000

# How many of the followed follow somebody, and who it is.
Rank = tuple[int, int]


def best_first(shared_by_id: Mapping[int, int], after: Rank | None) -> list[Rank]:
    """Candidates behind `after`, most shared first and the newer account first among equals."""
    ranks = ((shared, user_id) for user_id, shared in shared_by_id.items())
    return sorted((rank for rank in ranks if after is None or rank < after), reverse=True)[
        :CANDIDATES_MAX
    ]


def is_to_be_suggested(viewer_id: int, user_id: int, relation: Relation) -> bool:
    """Not oneself, nor whom the viewer follows, asks, or does not want to see."""
    known = relation.following or relation.requested or relation.muting
    hidden = relation.blocking or relation.blocked_by
    return viewer_id != user_id and not known and not hidden
