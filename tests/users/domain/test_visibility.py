"""The one privacy decision, for every relation."""

import pytest

from services.users.domain.visibility import STRANGERS, Relation, may_know, may_view

ALICE, BOB = 1, 2

# The viewer's relation → may know, may view a public account, may view a private one.
TABLE = {
    "stranger": (STRANGERS, True, True, False),
    "follower": (Relation(following=True), True, True, True),
    "requested": (Relation(requested=True), True, True, False),
    "followed by the owner": (Relation(followed_by=True), True, True, False),
    "muting follower": (Relation(following=True, muting=True), True, True, True),
    "blocker": (Relation(blocking=True), False, False, False),
    "blocked": (Relation(blocked_by=True), False, False, False),
    # The block has cut the follow, but the mirror may be late.
    "blocked follower": (Relation(following=True, blocked_by=True), False, False, False),
}


@pytest.mark.parametrize(
    ("relation", "knows", "views_public", "views_private"), TABLE.values(), ids=TABLE
)
def test_what_a_viewer_may_see(
    relation: Relation, knows: bool, views_public: bool, views_private: bool
) -> None:
    assert may_know(ALICE, BOB, relation) is knows
    assert may_view(ALICE, BOB, relation, owner_is_private=False) is views_public
    assert may_view(ALICE, BOB, relation, owner_is_private=True) is views_private


def test_an_anonymous_viewer_sees_public_accounts() -> None:
    assert may_view(None, BOB, STRANGERS, owner_is_private=False)
    assert not may_view(None, BOB, STRANGERS, owner_is_private=True)


def test_everybody_sees_their_own() -> None:
    assert may_know(ALICE, ALICE, STRANGERS)
    assert may_view(ALICE, ALICE, STRANGERS, owner_is_private=True)
