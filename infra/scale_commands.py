"""The commands that change a running suite in size and in what it accepts."""

import asyncio
import sys
from typing import Annotated

import typer

from infra.command_line import app, told
from infra.control.failures import SuiteFailure
from infra.control.progress import Progress
from infra.control.run_lock import sole_command
from infra.scaling.counts import counts_of
from infra.scaling.scale import drawn_plan, rooms
from infra.scaling.scale import scale as scale_role
from infra.status.numbers import table_of_rooms
from infra.suite import open_suite


@app.command()
@told
def scale(
    role: Annotated[str, typer.Argument(help="A service, or its workers: feed-worker.")] = "",
    count: Annotated[int, typer.Argument(help="The number of its processes.")] = 0,
    alone: Annotated[
        bool, typer.Option("--alone", help="A single process of a service will do.")
    ] = False,
) -> None:
    """Show the numbers of processes, or change one while the suite serves."""
    suite = open_suite()
    if not role:
        sys.stdout.write(table_of_rooms(rooms(suite), counts_of(drawn_plan(suite))))
        return
    if not count:
        raise SuiteFailure("N= wants the number of processes: make scale S=feed N=3.")
    progress = Progress()
    with sole_command(suite.folder, "scale"):
        # Read under the lock, because another command may have just changed the numbers.
        suite = open_suite()
        before = counts_of(suite.plan).get(role, 0)
        asyncio.run(scale_role(suite, role, count, progress, may_be_alone=alone))
    progress.say(f"{role} has {count} processes, after {before}")
