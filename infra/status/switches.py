"""Says what is switched at the moment."""

import datetime as dt

from infra.scaling.switches import Switches


def switch_lines(switches: Switches) -> list[str]:
    """Return a line for each switch that is on."""
    lines = []
    if switches.has_maintenance:
        end = _moment(switches.maintenance_until)
        lines.append(
            f"maintenance: changes are refused until {end}: {switches.maintenance_message}"
        )
    if switches.pauses_fan_out:
        end = _moment(switches.fan_out_paused_until)
        lines.append(f"fan-out to readers who are away waits until {end}")
    if switches.refuses_uploads:
        lines.append(f"photos are refused until {_moment(switches.uploads_refused_until)}")
    return lines


def _moment(at: float) -> str:
    return f"{dt.datetime.fromtimestamp(at, dt.UTC):%Y-%m-%d %H:%M:%S} UTC"
