"""Values that change while a process runs, from a small JSON file that it reads every second.

The file is in place of a channel: it survives restarts of every process, and needs no server. On a
platform of containers it is a mounted ConfigMap.
"""

import json
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from shared.logs import get_logger

log = get_logger()

_BYTES_MAX = 65_536


@dataclass(frozen=True, slots=True)
class LiveValues:
    """What the file said last; ends are Unix times, and an end in the past means off.

    `at_work_max` is by the name of an application.
    """

    at_work_max: Mapping[str, int] = field(default_factory=dict)
    maintenance_until: float = 0.0
    maintenance_message: str = ""
    fan_out_paused_until: float = 0.0
    uploads_refused_until: float = 0.0


Follow = Callable[[LiveValues], None]


# What a broken document can raise: huge numbers and deep nesting too.
_BROKEN = (OSError, ValueError, TypeError, AttributeError, OverflowError, RecursionError)


class LiveFile:
    """The values of one file; a missing or broken file leaves the last values as they are.

    Until it could be read once, nobody knows what is switched: `is_known` is False.
    """

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._seen: tuple[int, int, int] | None = None
        self._followers: list[Follow] = []
        self._complained = ""
        self.values = LiveValues()
        self.is_known = file is None
        self.look()

    def follow(self, follower: Follow) -> None:
        """Call `follower` with the present values now, and at each change."""
        self._followers.append(follower)
        follower(self.values)

    def look(self) -> None:
        """Read the file if it was replaced; its owner calls this every second."""
        if self._file is None:
            return
        try:
            stat = self._file.stat()
            seen = (stat.st_ino, stat.st_mtime_ns, stat.st_size)
            if seen == self._seen:
                return
            with self._file.open("rb") as handle:
                values = _values(json.loads(handle.read(_BYTES_MAX)))
        except _BROKEN as error:
            self._complain(repr(error))
            return
        self._seen, self._complained, self.is_known = seen, "", True
        if values != self.values:
            self.values = values
            for follower in self._followers:
                follower(values)
            log.info("live_values", file=str(self._file))

    @property
    def obstacle(self) -> str:
        """A sentence that names what keeps the process from work, or "" if there is nothing."""
        return "" if self.is_known else f"{self._file} cannot be read: {self._complained}"

    def _complain(self, error: str) -> None:
        # Once for each fault, because it is looked at every second.
        if error != self._complained:
            self._complained = error
            log.warning("live_values_unusable", file=str(self._file), error=error)


def remaining_s(until: float) -> float:
    """Return the seconds until an end; 0 if it has passed."""
    return max(until - time.time(), 0.0)


def _values(document: Mapping[str, Any]) -> LiveValues:
    """Return the values of a document; unknown names are those of another version."""
    at_work = document.get("at_work_max", {})
    return LiveValues(
        at_work_max={str(name): max(int(count), 1) for name, count in at_work.items()},
        maintenance_until=_end(document, "maintenance_until"),
        maintenance_message=str(document.get("maintenance_message", "")),
        fan_out_paused_until=_end(document, "fan_out_paused_until"),
        uploads_refused_until=_end(document, "uploads_refused_until"),
    )


def _end(document: Mapping[str, Any], name: str) -> float:
    end = float(document.get(name, 0))
    if not math.isfinite(end):
        raise ValueError(f"{name} is {end}, and every switch has an end")
    return end
