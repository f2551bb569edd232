"""A second attempt at a read that takes longer than nearly all others, while the first goes on."""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

T = TypeVar("T")

# A hedge is begun for what is slower than this share of the reads before.
SLOWER_THAN = 0.95
# Each read earns a twentieth of a hedge, so that hedges are 5 % of the load at most.
EARNED_PER_READ = 0.05
SAVED_MAX = 2.0
REMEMBERED = 256
RECKONED_EVERY = 64
# No sooner: a loop that was busy for a moment has delayed all of its replies.
DELAY_S_MIN = 0.02


class HedgeDelay:
    """When to hedge the reads of one upstream."""

    def __init__(self) -> None:
        self._seconds: deque[float] = deque(maxlen=REMEMBERED)
        self._noted = 0
        self._saved = 0.0
        # Nothing is hedged before it is known what is slow.
        self.seconds: float | None = None

    def note(self, seconds: float) -> None:
        """A read was answered after so long."""
        self._seconds.append(seconds)
        self._noted += 1
        self._saved = min(self._saved + EARNED_PER_READ, SAVED_MAX)
        if self._noted % RECKONED_EVERY == 0:
            slow_s = sorted(self._seconds)[int(len(self._seconds) * SLOWER_THAN)]
            self.seconds = max(slow_s, DELAY_S_MIN)

    def spend(self) -> bool:
        """May there be one more hedge? If so, it is paid for."""
        if self._saved < 1:
            return False
        self._saved -= 1
        return True


class Race(Generic[T]):
    """The first attempt runs in the task of the caller: a race that needs no second costs nothing.

    `begin_second` gives the second attempt, or None if there shall be none.
    """

    def __init__(self, delay_s: float, begin_second: Callable[[], Coroutine[Any, Any, T] | None]):
        self._delay_s = delay_s
        self._begin_second = begin_second
        self._second: asyncio.Task[T] | None = None
        self._is_over = False
        self._second_won = False
        self._runner: asyncio.Task[Any] | None = None

    async def run(self, first: Coroutine[Any, Any, T]) -> T:
        """Whatever is answered first; the error of the first if neither is."""
        self._runner = asyncio.current_task()
        cancelled_before = self._runner.cancelling() if self._runner else 0
        timer = asyncio.get_running_loop().call_later(self._delay_s, self._start)
        try:
            return await first
        except asyncio.CancelledError:
            # As asyncio.timeout does it: our own call of cancel() is taken back.
            if self._second and self._second_won and self._take_back() <= cancelled_before:
                return self._second.result()
            raise
        except Exception:
            if self._second is None:
                raise
            self._is_over = True
            await asyncio.wait([self._second])
            if self._second.cancelled() or self._second.exception() is not None:
                raise
            return self._second.result()
        finally:
            self._is_over = True
            timer.cancel()
            if self._second is not None:
                self._second.cancel()

    def _start(self) -> None:
        second = self._begin_second()
        if second is not None:
            self._second = asyncio.get_running_loop().create_task(second)
            self._second.add_done_callback(self._on_second)

    def _on_second(self, second: asyncio.Task[T]) -> None:
        if second.cancelled() or second.exception() is not None or self._is_over:
            return
        self._second_won = True
        if self._runner is not None:
            self._runner.cancel()

    def _take_back(self) -> int:
        return self._runner.uncancel() if self._runner is not None else 0
