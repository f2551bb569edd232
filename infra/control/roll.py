"""Gives running services their new settings without failed requests: one process at a time."""

import asyncio
from collections.abc import Collection

from infra.control.late_settings import late_processes
from infra.control.progress import Progress
from infra.control.restart import restart_rolling
from infra.processes import processes_of
from infra.rendering.everything import render_everything
from infra.suite import Suite

# The supervisor tells the start of a process in whole seconds. After this pause, the next change
# of a file is seen to be later than the last start.
_WHOLE_SECOND_S = 1.1


async def roll(suite: Suite, services: Collection[str], progress: Progress) -> None:
    """Render all files, then restart the processes of `services` that are older than their files.

    `services` has names such as "users" or "nginx"; a balancer rereads its file instead. A call
    after an interruption restarts only what is left. Raises SuiteFailure if a process does not
    come back; the others then keep their old settings.
    """
    render_everything(suite, processes_of(suite))
    for process in late_processes(suite):
        if process.service in services:
            await restart_rolling(suite, process.name, progress)
    await asyncio.sleep(_WHOLE_SECOND_S)
