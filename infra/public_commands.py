"""The commands of a public machine: its units, its certificate, and whether it is fit."""

import asyncio
import sys
from typing import Annotated

import typer

from infra.command_line import app, told
from infra.control.installing import install as install_units
from infra.control.installing import uninstall as remove_units
from infra.control.progress import Progress
from infra.control.public_upkeep import renew_now
from infra.control.reset import delete_everything
from infra.control.run_lock import sole_command
from infra.status.certificates import public_lines
from infra.status.doctor import examine
from infra.suite import open_suite


@app.command()
@told
def install() -> None:
    """Make a unit of systemd of each process, and load the firewall; `up` then starts them."""
    suite = open_suite()
    with sole_command(suite.folder, "install"):
        install_units(suite, Progress())


@app.command()
@told
def uninstall(
    data: Annotated[
        bool, typer.Option("--data", help="Delete data, backups and keys too.")
    ] = False,
) -> None:
    """Stop the suite and remove its units and the firewall; the data stays unless asked."""
    suite, progress = open_suite(), Progress()
    with sole_command(suite.folder, "uninstall"):
        remove_units(suite, progress)
        gone = delete_everything(suite) if data else []
    if gone:
        progress.say(f"deleted: {', '.join(gone)}")


@app.command()
@told
def certificate() -> None:
    """Get or renew the public name's certificate now, and say what hinders."""
    suite, progress = open_suite(), Progress()
    renew_now(suite)
    for line in public_lines(suite)[0]:
        progress.say(line)


@app.command()
@told
def doctor() -> None:
    """Say whether this machine is fit to serve people, and what to do where it is not."""
    findings = asyncio.run(examine(open_suite()))
    for finding in findings:
        sys.stdout.write(f"{'ok   ' if finding.is_well else 'WRONG'}  {finding.what}\n")
        if not finding.is_well:
            sys.stdout.write(f"       {finding.remedy}\n")
    if not all(finding.is_well for finding in findings):
        raise typer.Exit(1)
