"""The life of a session."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from services.users.domain.sessions import (
    ACCESS_LIFETIME,
    REFRESH_GRACE,
    REFRESH_LIFETIME,
    SESSION_LIFETIME,
    Session,
    TokenPair,
    access_expiry,
    access_fault,
    refresh_outcome,
)

T0 = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
FIRST = TokenPair(1, T0, b"access 1", b"refresh 1")
T1 = T0 + timedelta(minutes=10)
SECOND = TokenPair(2, T1, b"access 2", b"refresh 2")
FRESH = Session(1, 2, "phone", T0, FIRST)
REFRESHED = Session(1, 2, "phone", T0, SECOND, FIRST)
ENDED = replace(REFRESHED, ended_at=T1)
MOMENT = timedelta(milliseconds=1)


def test_an_access_token_is_valid_for_fifteen_minutes() -> None:
    end = T0 + ACCESS_LIFETIME
    assert access_expiry(FRESH, 1, b"access 1", T0) == end
    assert access_expiry(FRESH, 1, b"access 1", end - MOMENT) == end
    assert access_expiry(FRESH, 1, b"access 1", end) is None


def test_the_access_token_before_a_refresh_keeps_its_own_fifteen_minutes() -> None:
    assert access_expiry(REFRESHED, 1, b"access 1", T1) == T0 + ACCESS_LIFETIME
    assert access_expiry(REFRESHED, 2, b"access 2", T1) == T1 + ACCESS_LIFETIME


@pytest.mark.parametrize(("generation", "hashed"), [(1, b"access 2"), (3, b"access 3"), (2, b"")])
def test_a_token_that_was_not_issued_is_invalid(generation: int, hashed: bytes) -> None:
    assert access_expiry(REFRESHED, generation, hashed, T1) is None


def test_no_token_of_an_ended_session_is_valid() -> None:
    assert access_expiry(ENDED, 2, b"access 2", T1) is None
    assert refresh_outcome(ENDED, 2, b"refresh 2", T1) == "refuse"


def test_the_current_refresh_token_makes_the_next_pair() -> None:
    assert refresh_outcome(FRESH, 1, b"refresh 1", T1) == "rotate"
    assert refresh_outcome(REFRESHED, 2, b"refresh 2", T1) == "rotate"


def test_a_used_refresh_token_repeats_its_successor_within_the_grace() -> None:
    assert refresh_outcome(REFRESHED, 1, b"refresh 1", T1 + REFRESH_GRACE - MOMENT) == "repeat"


def test_a_used_refresh_token_ends_the_session_after_the_grace() -> None:
    assert refresh_outcome(REFRESHED, 1, b"refresh 1", T1 + REFRESH_GRACE) == "end"


def test_a_refresh_token_whose_successor_was_used_ends_the_session_at_once() -> None:
    third = TokenPair(3, T1, b"access 3", b"refresh 3")
    session = Session(1, 2, "phone", T0, third, SECOND)
    assert refresh_outcome(session, 1, b"refresh 1", T1) == "end"


def test_a_session_that_nobody_refreshed_for_sixty_days_is_over() -> None:
    end = T0 + REFRESH_LIFETIME
    assert refresh_outcome(FRESH, 1, b"refresh 1", end - MOMENT) == "rotate"
    assert refresh_outcome(FRESH, 1, b"refresh 1", end) == "refuse"


def test_a_session_is_over_after_a_year_however_often_it_was_refreshed() -> None:
    end = T0 + SESSION_LIFETIME
    latest = TokenPair(9000, end - timedelta(minutes=10), b"access 9000", b"refresh 9000")
    session = Session(1, 2, "phone", T0, latest)
    assert refresh_outcome(session, 9000, b"refresh 9000", end - MOMENT) == "rotate"
    assert refresh_outcome(session, 9000, b"refresh 9000", end) == "refuse"
    assert access_fault(session, 9000, b"access 9000", end) == "ended"
    # The access token that it has runs out by itself.
    assert access_expiry(session, 9000, b"access 9000", end) == latest.issued_at + ACCESS_LIFETIME


def test_a_refresh_token_with_another_hash_does_nothing() -> None:
    assert refresh_outcome(FRESH, 1, b"else", T0) == "refuse"


@pytest.mark.parametrize(
    ("session", "generation", "hashed", "now", "fault"),
    [
        (FRESH, 1, b"access 1", T0 + ACCESS_LIFETIME, "expired"),
        (REFRESHED, 0, b"access 0", T1, "expired"),
        (REFRESHED, 2, b"other", T1, "made_up"),
        (REFRESHED, 3, b"access 3", T1, "made_up"),
        (REFRESHED, 2, b"access 2", T1 + REFRESH_LIFETIME, "ended"),
        (ENDED, 2, b"access 2", T1, "ended"),
    ],
)
def test_a_refusal_tells_the_client_what_to_do_next(
    session: Session, generation: int, hashed: bytes, now: datetime, fault: str
) -> None:
    assert access_fault(session, generation, hashed, now) == fault
