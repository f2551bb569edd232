"""Who is behind an access token, asked of users at most every few seconds a token."""

import asyncio
import time
from collections import OrderedDict
from dataclasses import dataclass

from services.gateway.clients.users import UsersClient
from shared.contracts.people import SessionCheck

# A revoked session must stop working everywhere within 5 seconds; the call itself takes some.
_KEPT_S_MAX = 4.5
# While users does not answer, nobody can end a session either, but for the moments before.
_RECENT_S_MAX = 60.0
# Those of a gateway that died come all at once to this one. Each call at once wants a connection,
# and to make it costs more than to ask: so they queue here. Fewer than are always let through to an
# upstream (calls_min of shared/web/adaptive_limit.py, of which most may fill 85 %).
_ASKED_AT_ONCE_MAX = 12
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
    """Answers from memory while they are fresh, else by one call for each token, few at once."""

    def __init__(
        self, users: UsersClient, *, kept_s: float = _KEPT_S_MAX, tokens_max: int = _TOKENS_MAX
    ) -> None:
        self._users = users
        self._kept_s = kept_s
        self._tokens_max = tokens_max
        self._known: OrderedDict[str, _Answer] = OrderedDict()
        self._gate = asyncio.Semaphore(_ASKED_AT_ONCE_MAX)
        self._asking: dict[str, asyncio.Task[_Answer]] = {}
        # User id → the moment before which what was asked about their sessions is void.
        self._void_before_s: OrderedDict[int, float] = OrderedDict()

    async def session_of(self, access_token: str) -> CurrentSession:
        """The session and its user; raises Unauthenticated."""
        answer = self._known.get(access_token)
        if answer is None or not self._is_good(answer):
            answer = await self._asked(access_token)
            # Asked, by whoever was first, before the user ended sessions meanwhile.
            while self._is_void(answer):
                answer = await self._asked(access_token)
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

    def look_ahead(self, access_token: str) -> None:
        """Begin to ask, if `session_of` would have to."""
        if not self.is_fresh(access_token):
            self._asking_about(access_token)

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

    async def _asked(self, access_token: str) -> _Answer:
        # A caller who goes away must not take the answer from the others who wait for it.
        return await asyncio.shield(self._asking_about(access_token))

    def _asking_about(self, access_token: str) -> asyncio.Task[_Answer]:
        asking = self._asking.get(access_token)
        if asking is None:
            asking = asyncio.create_task(self._ask(access_token))
            self._asking[access_token] = asking
            asking.add_done_callback(lambda done: self._finish(access_token, done))
        return asking

    async def _ask(self, access_token: str) -> _Answer:
        async with self._gate:
            # Taken before the call: the answer is true of some moment after this one.
            asked_at_s = time.monotonic()
            check = await self._users.check_session(access_token)
        return self._keep(access_token, check, asked_at_s)

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

    def _finish(self, access_token: str, done: asyncio.Task[_Answer]) -> None:
        del self._asking[access_token]
        if not done.cancelled():
            # Looked at here, because every caller may have gone: asyncio would log it as lost.
            done.exception()
