"""The order of suggestions, and people who are never suggested."""

import pytest

from services.users.domain.suggestions import best_first, is_to_be_suggested
from services.users.domain.visibility import STRANGERS, Relation


def test_most_shared_first_and_the_newer_account_among_equals() -> None:
    ranks = best_first({1: 2, 2: 5, 3: 2}, None)
    assert ranks == [(5, 2), (2, 3), (2, 1)]
    assert best_first({1: 2, 2: 5, 3: 2}, ranks[1]) == ranks[2:]


@pytest.mark.parametrize("known", ["following", "requested", "blocking", "blocked_by", "muting"])
def test_people_the_viewer_knows_or_may_not_know_of_are_not_suggested(known: str) -> None:
    assert is_to_be_suggested(1, 2, STRANGERS)
    assert not is_to_be_suggested(1, 2, Relation(**{known: True}))
    assert not is_to_be_suggested(1, 1, STRANGERS)
    assert is_to_be_suggested(1, 2, Relation(followed_by=True))
