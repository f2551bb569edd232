"""Estimates how long a request travelled before it was read, without trusting callers' clocks.

A caller states the sending time by its own clock, whose error may exceed a whole deadline. The
smallest recent difference between the two clocks counts as that error; the rest was travel time.
"""

import math
from dataclasses import dataclass

# After a caller's clock is set back, its requests seem late for at most two windows.
_WINDOW_S = 5.0
_CALLERS_MAX = 256


@dataclass(slots=True)
class _Window:
    """A caller's smallest clock difference, in the present window and in the previous one."""

    began_s: float
    least_ms: float = math.inf
    least_before_ms: float = math.inf


class TransitTimes:
    """Transit times of one process's requests; an address identifies a caller."""

    def __init__(self) -> None:
        self._windows: dict[str, _Window] = {}

    def of(self, caller: str, sent_ms: int, now_s: float) -> float:
        """Return the milliseconds from sending to `now_s`, never negative; both are Unix times."""
        seeming_ms = now_s * 1000 - sent_ms
        window = self._windows.get(caller) or self._begin(caller, now_s)
        if not 0 <= now_s - window.began_s < _WINDOW_S:
            # Arriving requests move the window, not the clock. So after a long standstill the
            # previous window still measures the requests that waited.
            window.began_s, window.least_before_ms = now_s, window.least_ms
            window.least_ms = math.inf
        window.least_ms = min(window.least_ms, seeming_ms)
        return seeming_ms - min(window.least_ms, window.least_before_ms)

    def _begin(self, caller: str, now_s: float) -> _Window:
        if len(self._windows) >= _CALLERS_MAX:
            self._windows.clear()
        return self._windows.setdefault(caller, _Window(now_s))
