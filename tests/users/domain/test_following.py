"""The first state of a follow."""

import pytest

from services.users.domain.following import OwnAccount, check_two_people, step_of_follow


def test_a_public_account_is_followed_at_once() -> None:
    step = step_of_follow(subject_is_private=False)
    assert step.state == "active"
    assert "requested" in step.replacing


def test_a_private_account_gets_a_request_and_a_follower_stays() -> None:
    step = step_of_follow(subject_is_private=True)
    assert step.state == "requested"
    assert "active" not in step.replacing


def test_nobody_follows_themselves() -> None:
    check_two_people(1, 2)
    with pytest.raises(OwnAccount):
        check_two_people(1, 1)
