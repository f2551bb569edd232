"""Session checks are remembered for seconds, made once, and bounded."""

import asyncio
import time
from collections.abc import Sequence
from typing import Any, Literal, cast

import pytest

from services.gateway.clients.session_checks import CurrentSession, SessionChecks
from services.gateway.clients.users import UsersClient
from shared.contracts.people import SessionAnswer, SessionCheck
from shared.errors import SessionEnded, Unavailable
from tests.gateway.samples import ALICE, BOB

SESSION = CurrentSession(9001, ALICE)


class FakeUsers:
    """A fake of users that a test can make wait."""

    def __init__(self, lasts_s: float = 900) -> None:
        self.tokens: list[str] = []
        self.was_asked = asyncio.Event()
        self.open = asyncio.Event()
        self.open.set()
        self.state: Literal["good", "ended", "unknown"] = "good"
        self.calls = 0
        self._lasts_s = lasts_s

    async def check_sessions(self, access_tokens: Sequence[str]) -> list[SessionAnswer]:
        self.calls += 1
        self.tokens += access_tokens
        self.was_asked.set()
        await self.open.wait()
        if self.state != "good":
            return [{"state": self.state, "session": None} for _token in access_tokens]
        expires_at_ms = int((time.time() + self._lasts_s) * 1000)
        session: SessionCheck = {
            "user_id": ALICE,
            "session_id": SESSION.id,
            "expires_at_ms": expires_at_ms,
        }
        return [{"state": "good", "session": session} for _token in access_tokens]


def checks(users: FakeUsers, **limits: Any) -> SessionChecks:
    return SessionChecks(cast(UsersClient, users), **limits)


async def test_a_fresh_answer_is_reused() -> None:
    users = FakeUsers()
    sessions = checks(users)
    assert [await sessions.session_of("a") for _ in range(3)] == [SESSION] * 3
    assert users.tokens == ["a"]


async def test_an_old_answer_is_renewed() -> None:
    users = FakeUsers()
    sessions = checks(users, kept_s=0)
    await sessions.session_of("a")
    await sessions.session_of("a")
    assert users.tokens == ["a", "a"]


async def test_no_answer_outlives_the_session() -> None:
    users = FakeUsers(lasts_s=-1)
    sessions = checks(users)
    await sessions.session_of("a")
    await sessions.session_of("a")
    assert users.tokens == ["a", "a"]


async def test_many_requests_at_once_make_one_call() -> None:
    users = FakeUsers()
    users.open.clear()
    sessions = checks(users)
    waiting = [asyncio.create_task(sessions.session_of("a")) for _ in range(50)]
    await users.was_asked.wait()
    users.open.set()
    assert set(await asyncio.gather(*waiting)) == {SESSION}
    assert users.tokens == ["a"]


async def test_a_cancelled_request_does_not_cancel_the_answer_for_others() -> None:
    users = FakeUsers()
    users.open.clear()
    sessions = checks(users)
    impatient, patient = (asyncio.create_task(sessions.session_of("a")) for _ in range(2))
    await users.was_asked.wait()
    impatient.cancel()
    with pytest.raises(asyncio.CancelledError):
        await impatient
    users.open.set()
    assert await patient == SESSION


async def test_a_refusal_reaches_everyone_and_is_not_remembered() -> None:
    users = FakeUsers()
    users.state = "ended"
    sessions = checks(users)
    for _ in range(2):
        with pytest.raises(SessionEnded):
            await sessions.session_of("a")
    assert users.tokens == ["a", "a"]


async def test_memory_is_bounded_and_the_oldest_answer_goes_first() -> None:
    users = FakeUsers()
    sessions = checks(users, tokens_max=2)
    for token in ("a", "b", "c", "c", "b", "a"):
        await sessions.session_of(token)
    assert users.tokens == ["a", "b", "c", "a"]


async def test_an_answer_from_before_a_sign_out_is_not_used() -> None:
    users = FakeUsers()
    sessions = checks(users)
    await sessions.session_of("a")
    sessions.forget(ALICE)
    users.state = "ended"
    with pytest.raises(SessionEnded):
        await sessions.session_of("a")


async def test_a_sign_out_voids_a_check_under_way() -> None:
    users = FakeUsers()
    users.open.clear()
    sessions = checks(users)
    waiting = asyncio.create_task(sessions.session_of("a"))
    await users.was_asked.wait()
    sessions.forget(ALICE)
    users.open.set()
    assert await waiting == SESSION
    assert users.tokens == ["a", "a"]


async def test_the_sign_out_of_one_user_keeps_answers_about_others() -> None:
    users = FakeUsers()
    sessions = checks(users)
    await sessions.session_of("a")
    sessions.forget(BOB)
    await sessions.session_of("a")
    assert users.tokens == ["a"]


async def test_many_concurrent_tokens_share_few_calls() -> None:
    users = FakeUsers()
    users.open.clear()
    sessions = checks(users)
    tokens = [str(token) for token in range(500)]
    waiting = [asyncio.create_task(sessions.session_of(token)) for token in tokens]
    await users.was_asked.wait()
    users.open.set()
    assert await asyncio.gather(*waiting) == [SESSION] * 500
    assert sorted(users.tokens) == sorted(tokens)
    assert users.calls <= 8 + 5


async def test_an_unavailable_answer_ends_no_session_and_is_asked_again() -> None:
    users = FakeUsers()
    users.state = "unknown"
    sessions = checks(users)
    with pytest.raises(Unavailable):
        await sessions.session_of("a")
    users.state = "good"
    assert await sessions.session_of("a") == SESSION
