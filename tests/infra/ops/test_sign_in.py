"""Guesses of the operators' password are bounded, and a session ends."""

import pytest

from infra.ops.sign_in import (
    FAILURES_MAX,
    FAILURES_OF_ALL_MAX,
    SESSION_S,
    Guard,
    TooManyGuesses,
    WrongOperatorPassword,
    comes_from_another_page,
)

PASSWORD = "a password of the operators"


class Clock:
    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def _fail(guard: Guard, address: str, times: int = 1) -> None:
    for _ in range(times):
        with pytest.raises(WrongOperatorPassword):
            guard.sign_in("wrong", address)


def test_an_address_has_ten_wrong_guesses_an_hour() -> None:
    clock = Clock()
    guard = Guard(PASSWORD, clock)
    _fail(guard, "192.0.2.1", FAILURES_MAX)
    with pytest.raises(TooManyGuesses) as refused:
        guard.sign_in(PASSWORD, "192.0.2.1")
    assert refused.value.retry_after_s is not None
    assert refused.value.retry_after_s <= 3601
    clock.now_s += 3601
    assert guard.sign_in(PASSWORD, "192.0.2.1")


def test_addresses_of_one_household_count_together() -> None:
    guard = Guard(PASSWORD, Clock())
    for number in range(FAILURES_MAX):
        _fail(guard, f"2001:db8::{number:x}")
    with pytest.raises(TooManyGuesses):
        guard.sign_in(PASSWORD, "2001:db8::ffff")
    assert guard.sign_in(PASSWORD, "2001:db8:0:1::1")


def test_strangers_together_are_bounded_and_do_not_stop_who_signed_in_before() -> None:
    guard = Guard(PASSWORD, Clock())
    guard.sign_in(PASSWORD, "198.51.100.1")
    for number in range(FAILURES_OF_ALL_MAX):
        _fail(guard, f"192.0.2.{number}")
    with pytest.raises(TooManyGuesses):
        guard.sign_in(PASSWORD, "203.0.113.9")
    assert guard.sign_in(PASSWORD, "198.51.100.1")


def test_a_right_password_takes_its_own_count_back() -> None:
    guard = Guard(PASSWORD, Clock())
    for _ in range(3 * FAILURES_OF_ALL_MAX):
        guard.sign_in(PASSWORD, "192.0.2.1")


def test_a_session_ends_after_its_time_and_by_signing_out() -> None:
    clock = Clock()
    guard = Guard(PASSWORD, clock)
    first, second = (guard.sign_in(PASSWORD, "192.0.2.1") for _ in range(2))
    guard.sessions.close(second)
    assert guard.sessions.is_open(first)
    assert not guard.sessions.is_open(second)
    clock.now_s += SESSION_S
    assert not guard.sessions.is_open(first)
    assert not guard.sessions.is_open("")


@pytest.mark.parametrize(
    ("headers", "foreign"),
    [
        ({"host": "ops.example", "origin": "https://ops.example"}, False),
        ({"host": "ops.example:8443", "origin": "https://ops.example:8443"}, False),
        ({"host": "ops.example", "origin": "https://evil.example"}, True),
        ({"host": "ops.example", "origin": "null"}, True),
        ({"host": "ops.example", "origin": "https://ops.example.evil.example"}, True),
        ({"host": "ops.example", "sec-fetch-site": "cross-site"}, True),
        ({"host": "ops.example", "sec-fetch-site": "same-site"}, True),
        ({"host": "ops.example", "sec-fetch-site": "same-origin"}, False),
        ({"host": "ops.example"}, False),
    ],
)
def test_a_post_from_another_page_is_known(headers: dict[str, str], foreign: bool) -> None:
    assert comes_from_another_page(headers) is foreign
