"""The command about parts that somebody else runs."""

import asyncio

from infra.command_line import app, told
from infra.control.progress import Progress
from infra.control.run_lock import sole_command
from infra.elsewhere.certificates import require_certificates
from infra.elsewhere.databases import prepare_roles_elsewhere, require_databases
from infra.elsewhere.names import require_names
from infra.elsewhere.redises import require_redises
from infra.suite import Suite, open_suite


@app.command()
@told
def managed() -> None:
    """Ask whatever somebody else runs whether it is fit, and make the roles of processes there."""
    suite, progress = open_suite(), Progress()
    with sole_command(suite.folder, "managed"):
        asyncio.run(_ask(suite, progress))
    if not (suite.plan.external_groups or len(suite.plan.own_redises) < len(suite.plan.redises)):
        progress.say("this suite runs its databases and Redises itself")


async def _ask(suite: Suite, progress: Progress) -> None:
    require_certificates(suite)
    # In containers the tool that starts them also names them.
    if not suite.folder.compose_file.exists():
        await require_names(suite, progress)
    await require_databases(suite, progress)
    await prepare_roles_elsewhere(suite, progress)
    await require_redises(suite, progress)
