"""A bound on how many traces a process keeps each second."""

import time


class KeepRate:
    """A bucket of tokens that holds those of one second."""

    def __init__(self, per_s: float) -> None:
        self._per_s = per_s
        self._tokens, self._filled_s = per_s, time.monotonic()

    def take(self) -> bool:
        """Take a token if there is one."""
        now_s = time.monotonic()
        self._tokens = min(self._per_s, self._tokens + (now_s - self._filled_s) * self._per_s)
        self._filled_s = now_s
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True
