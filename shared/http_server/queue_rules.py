"""How much a process takes on, as its limiter and those who size its surroundings know it."""

from dataclasses import dataclass

# A request costs a process at least this much. So a longer queue cannot be worked off within the
# longest wait, whatever the estimate says. It bounds memory and decides nothing else.
WORK_S_MIN = 0.0005
# Requests that last, in one process; each takes some 50 kB.
LASTING_MAX = 2_560


@dataclass(frozen=True, slots=True)
class QueueRules:
    """`at_work_max` requests are worked on at once; none comes in that would take `wait_s_max`."""

    at_work_max: int = 64
    wait_s_max: float = 0.6

    @property
    def waiting_max(self) -> int:
        """How many may ever wait."""
        return round(self.wait_s_max / WORK_S_MIN)
