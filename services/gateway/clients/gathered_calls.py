"""Many questions in few calls: while all calls are under way, those who come share the next one."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from contextvars import Context, copy_context
from typing import Generic, TypeVar

from shared.deadlines import start_deadline
from shared.errors import AppError, Overloaded, Unavailable
from shared.worth import Worth, worth

Key = TypeVar("Key", bound=Hashable)
Reply = TypeVar("Reply")

# More wait only if more ask than a process lets in.
WAITING_MAX = 5_000


class GatheredCalls(Generic[Key, Reply]):
    """Asks at once where a call is free, and never waits for company.

    `call` says of each key what it is, or which error it is to its askers; an error that it raises
    is that of all of them. Whoever asks of a key that is being asked about shares the answer.
    """

    def __init__(
        self,
        call: Callable[[Sequence[Key]], Awaitable[Mapping[Key, Reply | AppError]]],
        *,
        calls_max: int,
        keys_max: int,
        timeout_ms: float,
    ) -> None:
        self._call = call
        self._calls_max = calls_max
        self._keys_max = keys_max
        self._timeout_ms = timeout_ms
        self._calls = 0
        self._asked: dict[Key, asyncio.Future[Reply]] = {}
        self._waiting: deque[tuple[Key, Context]] = deque()

    async def ask(self, key: Key) -> Reply:
        """The reply about one key; raises its error, and Overloaded."""
        # Who goes away must not take the answer from the others who wait for it.
        return await asyncio.shield(self.begin(key))

    def begin(self, key: Key) -> asyncio.Future[Reply]:
        """Have a key asked about, whether or not anybody waits for it; raises Overloaded."""
        answer = self._asked.get(key)
        if answer is None:
            if len(self._waiting) >= WAITING_MAX:
                raise Overloaded(retry_after_s=1)
            answer = self._asked[key] = asyncio.get_running_loop().create_future()
            self._waiting.append((key, copy_context()))
            self._start()
        return answer

    def _start(self) -> None:
        while self._waiting and self._calls < self._calls_max:
            self._calls += 1
            # A call is told of in the logs as one of whoever asked first.
            context = self._waiting[0][1]
            count = min(len(self._waiting), self._keys_max)
            keys = [self._waiting.popleft()[0] for _ in range(count)]
            asyncio.get_running_loop().create_task(self._run(keys), context=context)

    async def _run(self, keys: Sequence[Key]) -> None:
        # Others than whoever was first wait for it: their time and their worth are their own.
        start_deadline(self._timeout_ms)
        worth.set(Worth.VITAL)
        replies: Mapping[Key, Reply | AppError] = {}
        fault: AppError = Unavailable(retry_after_s=1)
        try:
            replies = await self._call(keys)
        except AppError as error:
            fault = error
        finally:
            self._calls -= 1
            for key in keys:
                _settle(self._asked.pop(key), replies.get(key, fault))
            self._start()


def _settle(answer: asyncio.Future[Reply], reply: Reply | AppError) -> None:
    if isinstance(reply, AppError):
        answer.set_exception(reply)
        # Looked at here, because every asker may have gone: asyncio would log it as lost.
        answer.exception()
    else:
        answer.set_result(reply)
