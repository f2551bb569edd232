"""The commands that change what a running suite accepts."""

import datetime as dt
import sys
from typing import Annotated

import typer

from infra.automation.actions import read_actions
from infra.automation.executor import mode_of
from infra.command_line import app, told
from infra.control.failures import SuiteFailure
from infra.control.progress import Progress
from infra.json_files import write_durably
from infra.rendering.live import switch
from infra.scaling.switches import Switches, end_after, message_of, read_switches
from infra.status.automation import automation_lines
from infra.status.switches import switch_lines
from infra.suite import open_suite

_MINUTES = 30.0


@app.command()
@told
def maintenance(
    on: Annotated[bool, typer.Option("--on", help="Refuse changes from now on.")] = False,
    off: Annotated[bool, typer.Option("--off", help="Accept changes again.")] = False,
    message: Annotated[str, typer.Option("--message", help="What people read.")] = "",
    minutes: Annotated[float, typer.Option("--minutes", help="It ends by itself then.")] = _MINUTES,
) -> None:
    """Refuse changes with a message for people, while reading goes on; or accept them again."""
    if on and off:
        raise SuiteFailure("Either ON=1 or OFF=1.")
    suite = open_suite()
    if not (on or off):
        lines = switch_lines(read_switches(suite.folder.switches_file))
        sys.stdout.writelines(f"{line}\n" for line in lines or ["there is no maintenance"])
        return
    until = end_after(minutes) if on else 0.0
    switched = switch(
        suite, maintenance_until=until, maintenance_message=message_of(message) if on else ""
    )
    Progress().say(_said(switched))


@app.command()
@told
def automation(
    on: Annotated[bool, typer.Option("--on", help="Act on alerts.")] = False,
    off: Annotated[bool, typer.Option("--off", help="Do nothing about alerts.")] = False,
    dry: Annotated[bool, typer.Option("--dry", help="Only say what would be done.")] = False,
) -> None:
    """Show what was done about alerts, or switch it on, off, or to saying only."""
    if on + off + dry > 1:
        raise SuiteFailure("One of ON=1, OFF=1 and DRY=1.")
    folder = open_suite().folder
    if on or off or dry:
        write_durably(folder.automation_file, ("on" if on else "off" if off else "dry") + "\n")
    lines = automation_lines(mode_of(folder), read_actions(folder.automation_actions))
    sys.stdout.writelines(f"{line}\n" for line in lines)


def _said(switched: Switches) -> str:
    if not switched.has_maintenance:
        return "changes are accepted again, within two seconds"
    end = dt.datetime.fromtimestamp(switched.maintenance_until, dt.UTC)
    return (
        f"changes are refused within two seconds, until {end:%Y-%m-%d %H:%M:%S} UTC, with:"
        f" {switched.maintenance_message}"
    )
