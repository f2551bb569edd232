"""How long requests were under way until they were read, whatever their callers' clocks say.

When a caller sent a request it says by its own clock, which may be off by more than a request may
take. The least that all of its requests seem to have taken lately is that error, and no time lost.
"""

import math
from dataclasses import dataclass

# A clock that is put back makes its requests seem late for two of these, no longer.
_WINDOW_S = 5.0
_CALLERS_MAX = 256


@dataclass(slots=True)
class _Window:
    """The least of one caller, in this window and in the one before it."""

    began_s: float
    least_ms: float = math.inf
    least_before_ms: float = math.inf


class TransitTimes:
    """One for the process; callers are told apart by their addresses."""

    def __init__(self) -> None:
        self._windows: dict[str, _Window] = {}

    def of(self, caller: str, sent_ms: int, now_s: float) -> float:
        """Milliseconds from being sent to `now_s`, not negative; both moments are Unix time."""
        seeming_ms = now_s * 1000 - sent_ms
        window = self._windows.get(caller) or self._begin(caller, now_s)
        if not 0 <= now_s - window.began_s < _WINDOW_S:
            # Begun by what arrives and not by the clock: after a process stood still for long, what
            # waited for it is still measured by what came before.
            window.began_s, window.least_before_ms = now_s, window.least_ms
            window.least_ms = math.inf
        window.least_ms = min(window.least_ms, seeming_ms)
        return seeming_ms - min(window.least_ms, window.least_before_ms)

    def _begin(self, caller: str, now_s: float) -> _Window:
        if len(self._windows) >= _CALLERS_MAX:
            self._windows.clear()
        return self._windows.setdefault(caller, _Window(now_s))
