"""What is switched while the suite runs: maintenance, fan-out to idle readers, uploads.

Every switch has an end, so that nobody has to be there to switch it back.
"""

import json
import math
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from infra.control.failures import SuiteFailure
from infra.json_files import read_json, write_durably

# Longer works are announced again.
MINUTES_MAX = 24 * 60
MESSAGE_CHARS_MAX = 500
MESSAGE = "We are working on the service. You can read, and post again soon."


@dataclass(frozen=True, slots=True)
class Switches:
    """The ends of what is switched on, as Unix time; 0 or the past means off."""

    maintenance_until: float = 0.0
    maintenance_message: str = ""
    fan_out_paused_until: float = 0.0
    uploads_refused_until: float = 0.0

    def as_json(self) -> dict[str, Any]:
        """Return the names and values that processes read."""
        return asdict(self)

    @property
    def has_maintenance(self) -> bool:
        """Whether writes are refused now."""
        return self.maintenance_until > time.time()

    @property
    def pauses_fan_out(self) -> bool:
        """Whether fan-out to idle readers waits now."""
        return self.fan_out_paused_until > time.time()

    @property
    def refuses_uploads(self) -> bool:
        """Whether uploads are refused now."""
        return self.uploads_refused_until > time.time()


def read_switches(file: Path) -> Switches:
    """Return the kept switches; raises SuiteFailure if the file is broken."""
    if not file.exists():
        return Switches()
    values = read_json(file)
    try:
        return Switches(
            maintenance_until=_end(values, "maintenance_until"),
            maintenance_message=str(values.get("maintenance_message", "")),
            fan_out_paused_until=_end(values, "fan_out_paused_until"),
            uploads_refused_until=_end(values, "uploads_refused_until"),
        )
    except (TypeError, ValueError, OverflowError):
        raise SuiteFailure(
            f"{file}: an end of a switch is no number. Delete the file, which switches all off."
        ) from None


def _end(values: Mapping[str, Any], name: str) -> float:
    end = float(values.get(name, 0))
    if not math.isfinite(end):
        raise ValueError(name)
    return end


def change_switches(file: Path, **changes: float | str) -> Switches:
    """Keep the changed switches, and return all."""
    switches = replace(read_switches(file), **changes)  # type: ignore[arg-type]
    write_durably(file, json.dumps(switches.as_json(), indent=2) + "\n")
    return switches


def end_after(minutes: float) -> float:
    """Return the end of a switch in Unix time; raises SuiteFailure for a length out of bounds."""
    if not 0 < minutes <= MINUTES_MAX:
        raise SuiteFailure(f"MINUTES= is above 0 and at most {MINUTES_MAX}.")
    return time.time() + minutes * 60


def message_of(said: str) -> str:
    """Return what people read; raises SuiteFailure if it is too long or not printable."""
    message = said.strip() or MESSAGE
    if len(message) > MESSAGE_CHARS_MAX or not message.isprintable():
        raise SuiteFailure(f"MESSAGE= is one line of at most {MESSAGE_CHARS_MAX} characters.")
    return message
