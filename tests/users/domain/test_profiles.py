"""People as users shows them to other services."""

from datetime import UTC, datetime, timedelta, timezone

from services.users.domain.profiles import (
    card_of,
    new_profile,
    own_profile_of,
    profile_of,
    relationship_of,
)
from services.users.domain.visibility import STRANGERS, Relation
from shared.ids import first_id_at
from shared.wire_time import wire_time

ALICE = new_profile(first_id_at(1_777_887_000_123), "alice", "alice@mail.example")


def test_only_the_owner_sees_the_email_address() -> None:
    assert own_profile_of(ALICE)["email"] == "alice@mail.example"
    assert "email" not in profile_of(ALICE, 2, STRANGERS)


def test_a_profile_tells_when_its_account_was_made() -> None:
    assert profile_of(ALICE, 2, STRANGERS)["created_at"] == "2026-05-04T09:30:00.123Z"


def test_a_card_carries_the_privacy_decision() -> None:
    assert card_of(ALICE.card, 2, STRANGERS)["may_view"]
    assert not card_of(ALICE.card, 2, Relation(blocked_by=True))["may_view"]


def test_a_viewer_does_not_learn_of_being_blocked() -> None:
    assert relationship_of(Relation(blocked_by=True)) == relationship_of(STRANGERS)


def test_times_are_in_utc_with_milliseconds() -> None:
    paris = timezone(timedelta(hours=2))
    assert wire_time(datetime(2026, 5, 4, 11, 30, tzinfo=paris)) == "2026-05-04T09:30:00.000Z"
    assert wire_time(datetime(2026, 5, 4, 9, 30, 0, 999_999, UTC)) == "2026-05-04T09:30:00.999Z"
