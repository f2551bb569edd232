"""The commands of backups, which import their slow modules only when they run."""

import asyncio
import os
import sys
from typing import Annotated

import typer

from infra.command_line import app, told
from infra.control.progress import Progress
from infra.processes import NICE_IN_THE_BACKGROUND
from infra.suite import open_suite


@app.command()
@told
def backup(
    kind: Annotated[str, typer.Option("--kind", help="full or incr")] = "incr",
) -> None:
    """Take a backup of databases, photos and keys now."""
    from infra.backups.commands import back_up

    asyncio.run(back_up(open_suite(), kind, Progress()))


@app.command()
@told
def backups() -> None:
    """List the backups, and to which moments they can be restored."""
    from infra.backups.commands import list_backups

    asyncio.run(list_backups(open_suite()))


@app.command("backup-passphrase")
@told
def backup_passphrase() -> None:
    """Print the passphrase that opens the backups."""
    from infra.backups.commands import passphrase_text

    sys.stdout.write(passphrase_text(open_suite()))


@app.command("restore")
@told
def restore_suite(  # noqa: PLR0913, PLR0917 - one option for each thing that can be said
    at: Annotated[str, typer.Option(help="A moment in UTC; else the newest.")] = "",
    group: Annotated[str, typer.Option(help="Only this group of databases.")] = "",
    source: Annotated[str, typer.Option(help="A store's folder, or https://host/bucket.")] = "",
    suite_name: Annotated[str, typer.Option(help="Which suite in that bucket.")] = "",
    into: Annotated[str, typer.Option(help="Another run folder.")] = "",
    network: Annotated[str, typer.Option(help="The network of that folder's suite.")] = "",
    replace: Annotated[bool, typer.Option("--replace", help="Put aside what is there.")] = False,
) -> None:
    """Restore everything, or one group, to a moment; start the suite and repair it."""
    from infra.backups.commands import RestoreRequest, restore

    request = RestoreRequest(at, group, source, suite_name, into, network, replaces=replace)
    asyncio.run(restore(request, Progress()))


@app.command("restore-drill")
@told
def restore_drill(
    seed: Annotated[int | None, typer.Option(help="Chooses the random moment.")] = None,
) -> None:
    """Restore to the newest and a random moment beside the suite, and compare all tables."""
    from infra.backups.commands import rehearse

    # The drill recovers its own servers beside the suite, so it gives way to it.
    os.nice(NICE_IN_THE_BACKGROUND)
    asyncio.run(rehearse(open_suite(), Progress(), seed))
