"""What the documents allow while something is broken: which reads may then be old."""

from collections.abc import Sequence

from prove.history import Fault, History, Operation

# A replica that stands in for its primary may lack what was written since its last sample: half a
# second on an idle machine. The rest is for a machine that the faults keep busy.
STAND_IN_LAG_S = 2.0
# Callers go back to a primary that is well again within a second.
BACK_S = 2.0
# Redis is told of a change by the relay if the process that made it could not.
TOLD_S = 10.0


class Excuses:
    """The faults of a run by what they hit."""

    def __init__(self, history: History) -> None:
        self._faults = history.faults

    def for_replica(self, service: str, write: Operation, read: Operation) -> bool:
        """Whether a replica may have answered the read, and may have lacked the write."""
        return any(
            fault.begin_s <= read.complete_s
            and read.invoke_s <= fault.well_s + BACK_S
            and write.complete_s >= fault.begin_s - STAND_IN_LAG_S
            for fault in self._on(f"postgres-{service}-", "fence", "etcd-")
        )

    def for_cache(self, service: str, write: Operation, read: Operation) -> bool:
        """Whether Redis may not have been told of the write when the read asked it."""
        return any(
            fault.begin_s <= read.complete_s and write.invoke_s <= fault.well_s + TOLD_S
            for fault in self._on(service)
        )

    def _on(self, *words: str) -> Sequence[Fault]:
        return [
            fault
            for fault in self._faults
            if any(word in target for target in fault.targets for word in words)
        ]
