"""Only the password opens a session, no guess of a stranger stops it, and a session ends."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.ops.sign_in import (
    SESSION_S,
    Guard,
    WrongOperatorPassword,
    comes_from_another_page,
    is_over_tls,
)

PASSWORD = "a password of the operators"


class Clock:
    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@given(guesses=st.lists(st.text(max_size=40).filter(lambda guess: guess != PASSWORD), max_size=300))
def test_no_guesses_of_strangers_keep_the_right_password_out(guesses: list[str]) -> None:
    clock = Clock()
    guard = Guard(PASSWORD, clock)
    for guess in guesses:
        with pytest.raises(WrongOperatorPassword):
            guard.sign_in(guess)
    assert guard.sessions.is_open(guard.sign_in(PASSWORD))


@given(
    guess=st.one_of(
        st.integers(0, len(PASSWORD) - 1).map(PASSWORD.__getitem__),
        st.integers(0, len(PASSWORD) - 1).map(lambda length: PASSWORD[:length]),
        st.text(min_size=1).map(PASSWORD.__add__),
        st.just(PASSWORD.upper()),
    )
)
def test_what_is_almost_the_password_does_not_open(guess: str) -> None:
    with pytest.raises(WrongOperatorPassword):
        Guard(PASSWORD).sign_in(guess)


def test_a_session_ends_after_its_time_and_by_signing_out() -> None:
    clock = Clock()
    guard = Guard(PASSWORD, clock)
    first, second = (guard.sign_in(PASSWORD) for _ in range(2))
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


@pytest.mark.parametrize(
    ("origin", "seen_by_balancer", "is_so"),
    [
        ("https://ops.example", "https", True),
        # A proxy in front ends TLS.
        ("https://ops.example", "http", True),
        ("http://127.20.1.1:8080", "http", False),
        ("null", "http", False),
        (None, "http", False),
        (None, "https", True),
        (None, None, False),
    ],
)
def test_the_cookie_is_secure_where_the_browser_speaks_tls(
    origin: str | None, seen_by_balancer: str | None, is_so: bool
) -> None:
    given = {"origin": origin, "x-forwarded-proto": seen_by_balancer}
    assert is_over_tls({name: said for name, said in given.items() if said is not None}) is is_so
