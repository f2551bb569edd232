"""The commands of upkeep and moderation; the services do the work."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

import typer

from infra.command_line import app, told
from infra.control.progress import Progress
from infra.control.reconcile import reconcile_all
from infra.control.upkeep import known_primaries, run_upkeep
from infra.control.upkeep_lock import alone
from infra.rendering.environment import render_environments
from infra.suite import open_suite
from shared.jobs.edge_reconciler import REPAIR_RULES

ShareOption = Annotated[
    float, typer.Option("--share", help="The largest share that may be changed without --go-on.")
]
GoOnOption = Annotated[
    bool, typer.Option("--go-on", help="Change what is to be changed, however much it is.")
]
LostOption = Annotated[
    str, typer.Option("--lost", help="Primaries whose losses are for good, comma separated.")
]


@app.command()
@told
def reconcile(share: ShareOption = 0.01, go_on: GoOnOption = False, lost: LostOption = "") -> None:
    """Compare both sides of all edges, and all counts; repair what has surely drifted."""
    suite = open_suite()
    rules = replace(
        REPAIR_RULES,
        share_max=share,
        may_exceed=go_on,
        lost=frozenset(known_primaries(suite, lost)),
    )
    with alone(suite.folder, "reconcile"):
        asyncio.run(reconcile_all(suite, Progress(), rules))


@app.command()
@told
def sweep(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count.")] = False,
    share: ShareOption = 0.01,
    go_on: GoOnOption = False,
    lost: LostOption = "",
) -> None:
    """Take away abandoned uploads, photos in no post, and what two looks found to be orphaned."""
    suite = open_suite()
    words = _words(share=share, go_on=go_on, lost=known_primaries(suite, lost))
    dry = ["--dry-run"] if dry_run else []
    run_upkeep(suite, "upload", "sweep", *words, *dry, command="sweep")


@app.command("verify-store")
@told
def verify_store(lost: LostOption = "") -> None:
    """Compare database and store, both ways, and both with what they held before."""
    suite = open_suite()
    words = _words(lost=known_primaries(suite, lost))
    run_upkeep(suite, "upload", "verify", *words, command="verify-store")


@app.command("mirror-store")
@told
def mirror_store(
    back: Annotated[bool, typer.Option("--back", help="From the second bucket.")] = False,
) -> None:
    """Copy to the second bucket what it lacks, then compare the two."""
    suite = open_suite()
    # The second bucket may be new in the topology, and is filled before any process uses it.
    render_environments(suite)
    run_upkeep(suite, "upload", "mirror", *(["--back"] if back else []), command="mirror-store")


@app.command("audit-timelines")
@told
def audit_timelines(
    sample: Annotated[int, typer.Option("--sample", help="How many readers.")] = 1_000,
    lost: LostOption = "",
) -> None:
    """Compare home timelines in Redis with what Postgres says."""
    suite = open_suite()
    words = _words(lost=known_primaries(suite, lost))
    run_upkeep(suite, "feed", "audit", "--sample", str(sample), *words, command="audit-timelines")


@app.command("rebuild-timelines")
@told
def rebuild_timelines(
    user: Annotated[int | None, typer.Option("--user", help="This reader's only.")] = None,
    share: ShareOption = 0.01,
    go_on: GoOnOption = False,
    lost: LostOption = "",
) -> None:
    """Make home timelines anew from Postgres, unless that would take much away."""
    suite = open_suite()
    words = _words(share=share, go_on=go_on, lost=known_primaries(suite, lost))
    chosen = [] if user is None else ["--user", str(user)]
    run_upkeep(suite, "feed", "rebuild", *chosen, *words, command="rebuild-timelines")


def _words(*, share: float | None = None, go_on: bool = False, lost: Sequence[str]) -> list[str]:
    shares = [] if share is None else ["--share", str(share)]
    return [*shares, *(["--go-on"] if go_on else []), *(f"--lost={name}" for name in lost)]


@app.command()
@told
def reports() -> None:
    """List what people have reported and no operator has closed."""
    run_upkeep(open_suite(), "feed", "reports")


@app.command()
@told
def hide(
    subject: Annotated[str, typer.Argument(help="post:<id> or comment:<id>")],
    undo: Annotated[bool, typer.Option("--undo", help="Show it again.")] = False,
) -> None:
    """Hide a post or a comment from everybody, and close the reports of it."""
    run_upkeep(open_suite(), "feed", "show" if undo else "hide", "--subject", subject)


@app.command()
@told
def suspend(
    user: Annotated[int, typer.Argument(help="The user's id.")],
    undo: Annotated[bool, typer.Option("--undo", help="Reinstate the account.")] = False,
) -> None:
    """Suspend an account: nobody can sign in to it or see it; close the reports of it."""
    suite = open_suite()
    # The gateways drop what they have cached about the account.
    run_upkeep(suite, "gateway", "changed", "--user", str(user))
    run_upkeep(suite, "users", "reinstate" if undo else "suspend", "--user", str(user))
    if not undo:
        run_upkeep(suite, "feed", "close-reports", "--subject", f"user:{user}")


@app.command()
@told
def close_reports(
    subject: Annotated[str, typer.Argument(help="post:…, comment:… or user:…")],
) -> None:
    """Close the reports of something, and leave it as it is."""
    run_upkeep(open_suite(), "feed", "close-reports", "--subject", subject)
