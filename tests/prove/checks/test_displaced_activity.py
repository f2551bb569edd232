"""Activity that newer entries displaced is no loss, and anything else that is missing is one."""

import pytest

from prove.checks.edges import check_edges
from prove.history import History
from prove.state import CommentRow, PostRow, State
from services.feed.store.activities import KEPT_MAX

_AUTHOR, _WRITER, _POST = 1, 2, 100
_FIRST = 1_000


def _state(comments: int) -> State:
    rows = [CommentRow(0, _FIRST + n, _POST, _WRITER, f"text {n}") for n in range(comments)]
    return State(
        posts=[PostRow(0, _POST, _AUTHOR, "post", [])],
        comments=rows,
        comment_counts={_POST: comments},
        post_counts={_AUTHOR: 1},
        noted=[(_AUTHOR, row.id) for row in rows],
    )


@pytest.mark.parametrize(
    ("comments", "missing", "is_loss"),
    [
        (KEPT_MAX + 3, range(3), False),
        # Some of the newer ones were taken back since.
        (KEPT_MAX, range(1), False),
        (KEPT_MAX + 3, range(2, 3), True),
        (KEPT_MAX + 3, range(KEPT_MAX, KEPT_MAX + 1), True),
        (KEPT_MAX - 1, range(1), True),
    ],
)
def test_only_the_oldest_beyond_what_is_kept_may_be_missing(
    comments: int, missing: range, is_loss: bool
) -> None:
    state = _state(comments)
    gone = {(_AUTHOR, _FIRST + n) for n in missing}
    state.noted = [one for one in state.noted if one not in gone]
    found = {one.kind for one in check_edges(History(), state)}
    assert found == ({"event"} if is_loss else set())
