"""Bounds the second attempts: a tenth of the calls, so that an outage is not multiplied."""

import time

# Each call earns a tenth of a retry.
EARNED_PER_CALL = 0.1
# A process that calls rarely may still retry: one a second.
EARNED_PER_SECOND = 1.0
# What a replica's sudden death with its calls under way can need at once.
SAVED_MAX = 50.0
SAVED_AT_START = 10.0


class RetryBudget:
    """A token bucket: calls fill it, retries empty it."""

    def __init__(self) -> None:
        self._saved = SAVED_AT_START
        self._earned_until_s = time.monotonic()

    def earn(self) -> None:
        """Note a call."""
        self._saved = min(self._saved + EARNED_PER_CALL, SAVED_MAX)

    def spend(self) -> bool:
        """May a call be tried once more? If so, it is taken from the budget."""
        self._earn_by_time()
        if self._saved < 1:
            return False
        self._saved -= 1
        return True

    def _earn_by_time(self) -> None:
        now_s = time.monotonic()
        # The floor never saves up: an idle hour must not pay for a storm.
        if self._saved < 1 and now_s - self._earned_until_s >= 1 / EARNED_PER_SECOND:
            self._saved += 1
            self._earned_until_s = now_s
