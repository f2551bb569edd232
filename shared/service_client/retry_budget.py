"""Bounds retries to a tenth of the calls, so that retries do not multiply an outage."""

import time

# Each call earns a tenth of a retry.
EARNED_PER_CALL = 0.1
# A process with few calls may still retry once a second.
EARNED_PER_SECOND = 1.0
# Enough for the calls under way when a replica dies.
SAVED_MAX = 50.0
SAVED_AT_START = 10.0


class RetryBudget:
    """A token bucket: calls fill it, retries empty it."""

    def __init__(self) -> None:
        self._saved = SAVED_AT_START
        self._earned_until_s = time.monotonic()

    def earn(self) -> None:
        """Add a call's share of a retry."""
        self._saved = min(self._saved + EARNED_PER_CALL, SAVED_MAX)

    def spend(self) -> bool:
        """Take one retry from the budget; returns whether there was one."""
        self._earn_by_time()
        if self._saved < 1:
            return False
        self._saved -= 1
        return True

    def _earn_by_time(self) -> None:
        now_s = time.monotonic()
        # This allowance never adds up: an idle hour must not pay for a storm of retries.
        if self._saved < 1 and now_s - self._earned_until_s >= 1 / EARNED_PER_SECOND:
            self._saved += 1
            self._earned_until_s = now_s
