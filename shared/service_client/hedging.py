"""A second attempt at a read that takes longer than nearly all others, while the first goes on."""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import Any, Generic, TypeVar

from shared.service_client.late_call import LateCall

T = TypeVar("T")
# After so many seconds a second attempt may begin: what is called gives it, or None.
Chance = tuple[float, Callable[[], Coroutine[Any, Any, T] | None]]

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

    The chances come in the order of their moments; those after the one that was taken are let go.
    """

    def __init__(self, chances: Sequence[Chance[T]]) -> None:
        self._chances = chances
        self._second: asyncio.Task[T] | None = None
        self._is_over = False
        self._second_won = False
        self._runner: asyncio.Task[Any] | None = None
        self._timer: LateCall | None = None

    async def run(self, first: Coroutine[Any, Any, T]) -> T:
        """Whatever is answered first; the error of the first if neither is."""
        self._runner = asyncio.current_task()
        cancelled_before = self._runner.cancelling() if self._runner else 0
        self._await_chance(0, 0.0)
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
            if self._timer is not None:
                self._timer.cancel()
            if self._second is not None:
                self._second.cancel()

    def _await_chance(self, index: int, passed_s: float) -> None:
        if index < len(self._chances):
            wait_s = self._chances[index][0] - passed_s
            self._timer = LateCall(wait_s, partial(self._take, index))

    def _take(self, index: int) -> None:
        after_s, begin = self._chances[index]
        second = begin()
        if second is None:
            self._await_chance(index + 1, after_s)
        else:
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
