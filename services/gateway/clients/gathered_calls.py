"""Gathers many questions into few calls: while all calls are busy, new questions share the next."""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from contextvars import Context, copy_context
from dataclasses import dataclass
from math import inf
from typing import Generic, TypeVar

from shared.deadlines import remaining_ms
from shared.errors import AppError, DeadlineExceeded, Unavailable
from shared.refusals import overloaded

Key = TypeVar("Key", bound=Hashable)
Reply = TypeVar("Reply")

# Only more callers than a process admits could fill it.
WAITING_MAX = 5_000


@dataclass(slots=True)
class _Asked(Generic[Reply]):
    """A question, with the context of the asker who has the most time left."""

    answer: asyncio.Future[Reply]
    context: Context
    until_s: float


class GatheredCalls(Generic[Key, Reply]):
    """Asks at once if a call is free, and never delays to gather more.

    `call` maps each key to its reply or its error; an error that it raises goes to all askers.
    Askers of the same key share one answer.
    """

    def __init__(
        self,
        call: Callable[[Sequence[Key]], Awaitable[Mapping[Key, Reply | AppError]]],
        *,
        calls_max: int,
        keys_max: int,
    ) -> None:
        self._call = call
        self._calls_max = calls_max
        self._keys_max = keys_max
        # The event loop holds tasks only weakly.
        self._calls: set[asyncio.Task[None]] = set()
        self._asked: dict[Key, _Asked[Reply]] = {}
        self._waiting: deque[Key] = deque()

    async def ask(self, key: Key) -> Reply:
        """The reply for one key; raises its error, and Overloaded if too many keys wait."""
        # A cancelled asker must not cancel the answer for the others.
        return await asyncio.shield(self.begin(key))

    def begin(self, key: Key) -> asyncio.Future[Reply]:
        """Ask about a key, whether or not anybody awaits it; raises Overloaded."""
        left_ms = remaining_ms()
        until_s = inf if left_ms is None else time.monotonic() + left_ms / 1000
        asked = self._asked.get(key)
        if asked is None:
            if len(self._waiting) >= WAITING_MAX:
                raise overloaded("gathered_calls", "queue_full")
            answer: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
            asked = self._asked[key] = _Asked(answer, copy_context(), until_s)
            self._waiting.append(key)
            self._start()
        elif until_s > asked.until_s:
            asked.context, asked.until_s = copy_context(), until_s
        return asked.answer

    def _start(self) -> None:
        while self._waiting and len(self._calls) < self._calls_max:
            keys = self._next_keys()
            if not keys:
                continue
            # The call runs in the context, and so the deadline, of the asker with the most time
            # left.
            last = max((self._asked[key] for key in keys), key=lambda one: one.until_s)
            call = asyncio.create_task(self._run(keys), context=last.context)
            self._calls.add(call)
            call.add_done_callback(self._end)

    def _end(self, call: asyncio.Task[None]) -> None:
        self._calls.discard(call)
        self._start()

    def _next_keys(self) -> list[Key]:
        count = min(len(self._waiting), self._keys_max)
        keys = [self._waiting.popleft() for _ in range(count)]
        now_s = time.monotonic()
        late = [key for key in keys if self._asked[key].until_s <= now_s]
        for key in late:
            # All its askers have timed out.
            _resolve(self._asked.pop(key).answer, DeadlineExceeded())
        return [key for key in keys if key in self._asked] if late else keys

    async def _run(self, keys: Sequence[Key]) -> None:
        replies: Mapping[Key, Reply | AppError] = {}
        fault: AppError = Unavailable(retry_after_s=1)
        try:
            replies = await self._call(keys)
        except AppError as error:
            fault = error
        finally:
            for key in keys:
                _resolve(self._asked.pop(key).answer, replies.get(key, fault))


def _resolve(answer: asyncio.Future[Reply], reply: Reply | AppError) -> None:
    if isinstance(reply, AppError):
        answer.set_exception(reply)
        # Retrieve the error: asyncio would log it as lost if every asker has gone.
        answer.exception()
    else:
        answer.set_result(reply)
