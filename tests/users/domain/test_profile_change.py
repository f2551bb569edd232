"""A bad change of a profile is refused with all its faults."""

import pytest

from services.users.domain.profile_change import check_profile_change
from shared.errors import Invalid


def test_valid_changes_pass() -> None:
    check_profile_change({"username": "alice.m", "bio": "fog\nmostly", "is_private": True}, "alice")
    check_profile_change({}, "alice")


def test_every_fault_is_named_with_its_field() -> None:
    changes = {"username": "Alice", "display_name": "x" * 51, "bio": "x" * 151, "website": "x"}
    with pytest.raises(Invalid) as refusal:
        check_profile_change(changes, "alice")
    assert [error.field for error in refusal.value.errors] == list(changes)


def test_an_unchanged_name_is_not_checked_again() -> None:
    check_profile_change({"username": "admin"}, "admin")
    with pytest.raises(Invalid):
        check_profile_change({"username": "admin"}, "alice")
