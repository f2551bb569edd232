"""Ranks people by how many of the viewer's followees follow them."""

from collections.abc import Mapping

from services.users.domain.visibility import Relation

# These bound the cost to 10,000 rows: the newest followees are asked for their newest follows. With
# more, the best hardly change.
FOLLOWED_SAMPLED_MAX = 100
FOLLOWS_OF_EACH_MAX = 100
# At most this many of the best are compared with the viewer's relations.
CANDIDATES_MAX = 1_000

# How many followees follow the person, and the person's id.
Rank = tuple[int, int]


def best_first(shared_by_id: Mapping[int, int], after: Rank | None) -> list[Rank]:
    """Candidates after `after`, most shared first; among equals, the newer account first."""
    ranks = ((shared, user_id) for user_id, shared in shared_by_id.items())
    return sorted((rank for rank in ranks if after is None or rank < after), reverse=True)[
        :CANDIDATES_MAX
    ]


def is_to_be_suggested(viewer_id: int, user_id: int, relation: Relation) -> bool:
    """Whether to suggest them: not oneself, nor anybody followed, asked, muted or blocked."""
    known = relation.following or relation.requested or relation.muting
    hidden = relation.blocking or relation.blocked_by
    return viewer_id != user_id and not known and not hidden
