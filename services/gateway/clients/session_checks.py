"""Checks access tokens with users, at most every few seconds per token."""

import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.gateway.clients.gathered_calls import GatheredCalls
from services.gateway.clients.users import UsersClient
from shared.contracts.people import SessionAnswer, SessionCheck
from shared.errors import AppError, SessionEnded, TokenExpired, TokenUnknown, Unavailable

_REFUSALS = {"expired": TokenExpired, "made_up": TokenUnknown}

# A revoked session must end everywhere within 5 seconds, and the call itself takes time.
_KEPT_S_MAX = 4.5
# Nobody can end a session while users does not answer, except in the moments before.
_RECENT_S_MAX = 60.0
# Tokens of a dead gateway arrive here all at once and share few calls. A few calls may also hang in
# a stopped replica.
_CALLS_MAX = 8
# The largest batch that users accepts.
_TOKENS_PER_CALL_MAX = 100
# About 300 bytes each.
_TOKENS_MAX = 50_000


@dataclass(frozen=True, slots=True)
class CurrentSession:
    """The session of a request."""

    id: int
    user_id: int


@dataclass(frozen=True, slots=True)
class _Answer:
    session: CurrentSession
    asked_at_s: float
    until_s: float
    ends_s: float
    asked_at_unix_s: float


class SessionChecks:
    """Answers from memory while the answer is fresh, else asks users."""

    def __init__(
        self, users: UsersClient, *, kept_s: float = _KEPT_S_MAX, tokens_max: int = _TOKENS_MAX
    ) -> None:
        self._users = users
        self._kept_s = kept_s
        self._tokens_max = tokens_max
        self._known: OrderedDict[str, _Answer] = OrderedDict()
        self._calls: GatheredCalls[str, _Answer] = GatheredCalls(
            self._ask,
            calls_max=_CALLS_MAX,
            keys_max=_TOKENS_PER_CALL_MAX,
        )
        # User id → the time before which answers about their sessions are void.
        self._void_before_s: OrderedDict[int, float] = OrderedDict()

    async def session_of(self, access_token: str) -> CurrentSession:
        """The session and its user; raises Unauthenticated, and Unavailable."""
        answer = self._known.get(access_token)
        if answer is None or not self._is_good(answer):
            answer = await self._calls.ask(access_token)
            # The shared call may have begun before the user ended sessions.
            while self._is_void(answer):
                answer = await self._calls.ask(access_token)
        return answer.session

    def is_fresh(self, access_token: str) -> bool:
        """Whether `session_of` would answer without a call."""
        answer = self._known.get(access_token)
        return answer is not None and self._is_good(answer)

    def last_known_user(self, access_token: str) -> int | None:
        """The user of a recently valid token; a token's user never changes, even when it ends."""
        answer = self._known.get(access_token)
        return None if answer is None else answer.session.user_id

    def recent_session_of(self, access_token: str) -> tuple[CurrentSession, float] | None:
        """The session as checked within the last minute, with the Unix time of that check.

        None if this replica has ended it since.
        """
        answer = self._known.get(access_token)
        now_s = time.monotonic()
        if answer is None or answer.ends_s <= now_s or self._is_void(answer):
            return None
        if answer.asked_at_s < now_s - _RECENT_S_MAX:
            return None
        return answer.session, answer.asked_at_unix_s

    def prefetch(self, access_token: str) -> None:
        """Start the call that `session_of` would need, if any."""
        if not self.is_fresh(access_token):
            self._calls.begin(access_token)

    def forget(self, user_id: int) -> None:
        """Make all earlier answers about a user's sessions void, because some may have ended.

        Answers are stored by token, so each is compared with the time of this call.
        """
        self._void_before_s[user_id] = time.monotonic()
        self._void_before_s.move_to_end(user_id)
        while len(self._void_before_s) > self._tokens_max:
            self._void_before_s.popitem(last=False)

    def _is_good(self, answer: _Answer) -> bool:
        return answer.until_s > time.monotonic() and not self._is_void(answer)

    def _is_void(self, answer: _Answer) -> bool:
        return answer.asked_at_s <= self._void_before_s.get(answer.session.user_id, 0)

    async def _ask(self, access_tokens: Sequence[str]) -> Mapping[str, _Answer | AppError]:
        # Taken before the call, so the answers hold for a later moment.
        asked_at_s = time.monotonic()
        answers = await self._users.check_sessions(access_tokens)
        return {
            token: self._answer(token, answer, asked_at_s)
            for token, answer in zip(access_tokens, answers, strict=True)
        }

    def _answer(
        self, access_token: str, answer: SessionAnswer, asked_at_s: float
    ) -> _Answer | AppError:
        if answer["session"] is not None:
            return self._keep(access_token, answer["session"], asked_at_s)
        if answer["state"] == "unknown":
            return Unavailable("Sessions cannot be checked at the moment.", retry_after_s=1)
        return _REFUSALS.get(answer["state"], SessionEnded)()

    def _keep(self, access_token: str, check: SessionCheck, asked_at_s: float) -> _Answer:
        session = CurrentSession(check["session_id"], check["user_id"])
        lasts_s = check["expires_at_ms"] / 1000 - time.time()
        until_s, ends_s = asked_at_s + min(self._kept_s, lasts_s), asked_at_s + lasts_s
        asked_at_unix_s = time.time() - (time.monotonic() - asked_at_s)
        answer = _Answer(session, asked_at_s, until_s, ends_s, asked_at_unix_s)
        self._known[access_token] = answer
        self._known.move_to_end(access_token)
        while len(self._known) > self._tokens_max:
            self._known.popitem(last=False)
        return answer
