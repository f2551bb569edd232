"""Who is behind an access token, asked of users at most every few seconds a token."""

import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.gateway.clients.gathered_calls import GatheredCalls
from services.gateway.clients.users import UsersClient
from shared.contracts.people import SessionAnswer, SessionCheck
from shared.errors import AppError, SessionEnded, TokenExpired, TokenUnknown, Unavailable

_REFUSALS = {"expired": TokenExpired, "made_up": TokenUnknown}

# A revoked session must stop working everywhere within 5 seconds; the call itself takes some.
_KEPT_S_MAX = 4.5
# While users does not answer, nobody can end a session either, but for the moments before.
_RECENT_S_MAX = 60.0
# Those of a gateway that died come all at once to this one, and share calls: few of
# them at once, and enough for some to hang in a replica that has stopped.
_CALLS_MAX = 8
# As many as users takes.
_TOKENS_PER_CALL_MAX = 100
# About 300 bytes each.
_TOKENS_MAX = 50_000


@dataclass(frozen=True, slots=True)
class CurrentSession:
    """The session that a request is made in."""

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
    """Answers from memory while they are fresh, else asks of users."""

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
        # User id → the moment before which what was asked about their sessions is void.
        self._void_before_s: OrderedDict[int, float] = OrderedDict()

    async def session_of(self, access_token: str) -> CurrentSession:
        """The session and its user; raises Unauthenticated."""
        answer = self._known.get(access_token)
        if answer is None or not self._is_good(answer):
            answer = await self._calls.ask(access_token)
            # Asked, by whoever was first, before the user ended sessions meanwhile.
            while self._is_void(answer):
                answer = await self._calls.ask(access_token)
        return answer.session

    def is_fresh(self, access_token: str) -> bool:
        """Would `session_of` answer without asking?"""
        answer = self._known.get(access_token)
        return answer is not None and self._is_good(answer)

    def last_known_user(self, access_token: str) -> int | None:
        """Whose token it is, for one that was good lately: that does not change when it ends."""
        answer = self._known.get(access_token)
        return None if answer is None else answer.session.user_id

    def recent_session_of(self, access_token: str) -> tuple[CurrentSession, float] | None:
        """The session as it was within the last minute, unless this replica ended it since.

        And when that was, in Unix time.
        """
        answer = self._known.get(access_token)
        now_s = time.monotonic()
        if answer is None or answer.ends_s <= now_s or self._is_void(answer):
            return None
        if answer.asked_at_s < now_s - _RECENT_S_MAX:
            return None
        return answer.session, answer.asked_at_unix_s

    def prefetch(self, access_token: str) -> None:
        """Begin to ask, if `session_of` would have to."""
        if not self.is_fresh(access_token):
            self._calls.begin(access_token)

    def forget(self, user_id: int) -> None:
        """Ask anew about all sessions of a user, because some may just have ended.

        Sessions are known by their tokens alone, so each answer is measured by when it was asked.
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
        # Taken before the call: the answers are true of some moment after this one.
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
            return Unavailable("Sessions cannot be looked up at the moment.", retry_after_s=1)
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
