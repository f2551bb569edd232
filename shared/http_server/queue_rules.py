"""The bounds of a process's limiter, also used to size the parts around the process."""

from dataclasses import dataclass

# A request costs a process at least this much. So `wait_s_max` divided by it bounds the queue: a
# longer queue could not be served in time. This only bounds memory.
WORK_S_MIN = 0.0005
# Requests that last, in one process; the bound is for memory, at some 50 kB each.
LASTING_MAX = 2_560


@dataclass(frozen=True, slots=True)
class QueueRules:
    """At most `at_work_max` requests run at once.

    A further request waits only if its expected time fits `wait_s_max`, scaled by its priority.
    """

    at_work_max: int = 64
    wait_s_max: float = 0.6

    @property
    def waiting_max(self) -> int:
        """How many requests may wait in the queue."""
        return round(self.wait_s_max / WORK_S_MIN)
