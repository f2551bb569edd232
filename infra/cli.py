"""The commands behind the Makefile: `python -m infra up`, `down`, `status` and the rest."""

import asyncio
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import wraps
from typing import Annotated, ParamSpec

import typer

from infra.backups.complaints import backup_lines
from infra.driving.failures import SuiteFailure
from infra.driving.migrations import migrate_all, newer_schemas, status_of_all
from infra.driving.progress import Progress
from infra.driving.promote import promote as promote_replica
from infra.driving.psql import become_psql
from infra.driving.reconcile import reconcile_all
from infra.driving.recorded_stop import stop_and_record
from infra.driving.reset import delete_everything
from infra.driving.restart import restart_rolling
from infra.driving.run_lock import sole_command
from infra.driving.start import start_suite
from infra.driving.stop import stop_suite
from infra.driving.upkeep import known_primaries, require_running, run_upkeep
from infra.driving.upkeep_lock import alone
from infra.holdings.findings import Words
from infra.processes import Tier
from infra.programs import ProgramMissing
from infra.remains.everywhere import check_deleted
from infra.rendering.environment import render_environments
from infra.run_folder import RunFolderClosed
from infra.suite import open_suite
from infra.topology_tables import TopologyError
from infra.watching.changes import print_plan
from infra.watching.logs import follow, log_files
from infra.watching.status import print_table, rows_of
from infra.watching.trace import lines_of_request
from infra.watching.welcome import welcome
from shared.streams.edge_reconciler import REPAIR_RULES

P = ParamSpec("P")

# What backups need takes half a second to import, so only their commands do.

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)


def main() -> None:
    """Run the command that the arguments name."""
    app()


def _told(command: Callable[P, None]) -> Callable[P, None]:
    """What goes wrong is a sentence on standard error and a non-zero exit, not a traceback."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except (SuiteFailure, ProgramMissing, RunFolderClosed, TopologyError) as failure:
            sys.stderr.write(f"\n{failure}\n")
            raise typer.Exit(1) from None
        except PermissionError as error:
            sys.stderr.write(
                f"\n{error.filename} belongs to another user: run this as the user who ran"
                " `make up` first, or choose another folder with RETRATO_RUN_DIR.\n"
            )
            raise typer.Exit(1) from None
        except KeyboardInterrupt:
            sys.stderr.write("\nInterrupted; run the same command again to go on.\n")
            raise typer.Exit(130) from None

    return run


def _things(said: str) -> frozenset[str]:
    return frozenset(thing.strip() for thing in said.split(",") if thing.strip())


@app.command()
@_told
def up(
    data_only: Annotated[
        bool, typer.Option("--data-only", help="Only names, databases, Redis and the store.")
    ] = False,
    anew: Annotated[str, typer.Option("--anew", help="What begins empty: users-a,store")] = "",
    as_is: Annotated[str, typer.Option("--as-is", help="What counts as it lies there.")] = "",
) -> None:
    """Start the suite, wait until all of it answers, and say where."""
    suite = open_suite()
    progress = Progress()
    if suite.folder.restored_file.exists() and not data_only:
        from infra.backups.after_restore import start_restored

        # A restore into this folder is not repaired to its end.
        asyncio.run(start_restored(suite, progress))
    upto = Tier.REPLICAS if data_only else Tier.BALANCERS
    words = Words(anew=_things(anew), as_is=_things(as_is))
    with sole_command(suite.folder, "up"):
        if asyncio.run(start_suite(suite, progress, upto=upto, words=words)):
            progress.say("everything answers")
        else:
            progress.say("it is up already")
    if not data_only:
        sys.stdout.write(welcome(suite))


@app.command()
@_told
def down() -> None:
    """Stop everything; the data stays."""
    progress = Progress()
    suite = open_suite()
    with sole_command(suite.folder, "down"):
        ran = stop_and_record(suite, progress)
    progress.say("nothing runs and nothing listens any more" if ran else "it is down already")


@app.command()
@_told
def status() -> None:
    """Show every process: address, state, memory, since when."""
    suite = open_suite()
    rows = asyncio.run(rows_of(suite))
    print_table(rows)
    lines, backups_are_well = backup_lines(suite)
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    if not (backups_are_well and all(row.is_well for row in rows)):
        raise typer.Exit(1)


@app.command()
@_told
def logs(what: Annotated[str, typer.Argument(help="A service or a process.")] = "") -> None:
    """Follow the logs of a service."""
    follow(log_files(open_suite(), what))


@app.command()
@_told
def trace(request_id: str) -> None:
    """Print all that was logged about one request."""
    lines = lines_of_request(open_suite().folder.log, request_id)
    if not lines:
        raise SuiteFailure(
            f"No log names the request {request_id!r}; X-Request-ID of a reply does."
        )
    sys.stdout.writelines(f"{line}\n" for line in lines)


@app.command()
@_told
def restart(what: str) -> None:
    """Restart a service, one replica at a time."""
    suite = open_suite()
    with sole_command(suite.folder, "restart"):
        asyncio.run(restart_rolling(suite, what, Progress()))


@app.command()
@_told
def promote(name: str) -> None:
    """Give a replica's data the place of its primary, which is lost."""
    suite = open_suite()
    with sole_command(suite.folder, "promote"):
        asyncio.run(promote_replica(suite, name, Progress()))


@app.command("plan-changes")
@_told
def plan() -> None:
    """Print the difference between the topology and what exists; change nothing."""
    if not print_plan(open_suite()):
        raise typer.Exit(1)


@app.command()
@_told
def reset(yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False) -> None:
    """Delete the data, backups, logs and keys of the suite; a backup folder elsewhere stays."""
    suite = open_suite()
    if not yes:
        what = "data, backups, logs and keys"
        typer.confirm(f"Delete all {what} in {suite.folder.root}?", abort=True)
    progress = Progress()
    with sole_command(suite.folder, "reset"):
        stop_suite(suite, progress)
        gone = delete_everything(suite)
    progress.say(f"deleted: {', '.join(gone)}" if gone else "there was nothing to delete")


@app.command()
@_told
def migrate() -> None:
    """Bring every logical shard to the newest schema."""
    suite, progress = open_suite(), Progress()
    require_running(suite)
    with sole_command(suite.folder, "migrate"):
        if not asyncio.run(migrate_all(suite, progress)):
            raise typer.Exit(1)
    progress.say("every shard is at the newest migration")


@app.command("migrate-status")
@_told
def migrate_status() -> None:
    """Say how far each logical shard is."""
    require_running(open_suite())
    is_well = True
    for group, shards in asyncio.run(status_of_all(open_suite())).items():
        late = [shard for shard in shards if shard.pending]
        newer = newer_schemas(group, shards)
        is_well = is_well and not late and not newer
        done = {shard.applied for shard in shards}
        sys.stdout.write(
            f"{group:<8} {len(shards)} shards, {len(shards) - len(late)} at the newest,"
            f" migrations applied: {', '.join(map(str, sorted(done)))}\n"
        )
        for shard in late:
            sys.stdout.write(
                f"    shard {shard.shard:>4} on {shard.primary}: lacks {', '.join(shard.pending)}\n"
            )
        sys.stdout.writelines(f"    {sentence}\n" for sentence in newer)
    if not is_well:
        raise typer.Exit(1)


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
@_told
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
@_told
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
@_told
def verify_store(lost: LostOption = "") -> None:
    """Compare database and store, both ways, and both with what they held before."""
    suite = open_suite()
    words = _words(lost=known_primaries(suite, lost))
    run_upkeep(suite, "upload", "verify", *words, command="verify-store")


@app.command("mirror-store")
@_told
def mirror_store(
    back: Annotated[bool, typer.Option("--back", help="From the second bucket.")] = False,
) -> None:
    """Copy to the second bucket what it lacks, then compare the two."""
    suite = open_suite()
    # A second bucket that was named just now is filled before any process knows of it.
    render_environments(suite)
    run_upkeep(suite, "upload", "mirror", *(["--back"] if back else []), command="mirror-store")


@app.command("audit-timelines")
@_told
def audit_timelines(
    sample: Annotated[int, typer.Option("--sample", help="How many readers.")] = 1_000,
    lost: LostOption = "",
) -> None:
    """Compare home timelines in Redis with what Postgres says."""
    suite = open_suite()
    words = _words(lost=known_primaries(suite, lost))
    run_upkeep(suite, "feed", "audit", "--sample", str(sample), *words, command="audit-timelines")


@app.command("rebuild-timelines")
@_told
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
@_told
def reports() -> None:
    """List what people have reported and nobody has settled."""
    run_upkeep(open_suite(), "feed", "reports")


@app.command()
@_told
def hide(
    subject: Annotated[str, typer.Argument(help="post:<id> or comment:<id>")],
    undo: Annotated[bool, typer.Option("--undo", help="Show it again.")] = False,
) -> None:
    """Hide a post or a comment from everybody, and settle the reports of it."""
    run_upkeep(open_suite(), "feed", "show" if undo else "hide", "--subject", subject)


@app.command()
@_told
def suspend(
    user: Annotated[int, typer.Argument(help="The user's id.")],
    undo: Annotated[bool, typer.Option("--undo", help="Reinstate the account.")] = False,
) -> None:
    """Suspend an account: nobody can sign in to it or see it; settle the reports of it."""
    suite = open_suite()
    # What the gateways remember of the account is void from here on.
    run_upkeep(suite, "gateway", "changed", "--user", str(user))
    run_upkeep(suite, "users", "reinstate" if undo else "suspend", "--user", str(user))
    if not undo:
        run_upkeep(suite, "feed", "settle", "--subject", f"user:{user}")


@app.command()
@_told
def settle(subject: Annotated[str, typer.Argument(help="post:…, comment:… or user:…")]) -> None:
    """Have done with the reports of something, and leave it as it is."""
    run_upkeep(open_suite(), "feed", "settle", "--subject", subject)


@app.command("check-deleted")
@_told
def check_deleted_account(
    ids: Annotated[list[int], typer.Argument(help="The user's id; ids of posts and photos too.")],
) -> None:
    """Say whether anything still names a deleted account."""
    asyncio.run(check_deleted(open_suite(), ids, Progress()))


@app.command(context_settings={"ignore_unknown_options": True})
@_told
def psql(
    node: Annotated[str, typer.Argument(help="A Postgres server, such as users-a.")],
    arguments: Annotated[list[str] | None, typer.Argument(help="Passed on to psql.")] = None,
) -> None:
    """Open psql as the superuser on one server, in the database of its group."""
    become_psql(open_suite(), node, arguments or [])


@app.command()
@_told
def backup(
    kind: Annotated[str, typer.Option("--kind", help="full or incr")] = "incr",
) -> None:
    """Take a backup of databases, photos and keys now."""
    from infra.backups.commands import back_up

    asyncio.run(back_up(open_suite(), kind, Progress()))


@app.command()
@_told
def backups() -> None:
    """List the backups, and to which moments they can be restored."""
    from infra.backups.commands import list_backups

    asyncio.run(list_backups(open_suite()))


@app.command("backup-passphrase")
@_told
def backup_passphrase() -> None:
    """Print the passphrase that opens the backups."""
    from infra.backups.commands import passphrase_text

    sys.stdout.write(passphrase_text(open_suite()))


@app.command("restore")
@_told
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
@_told
def restore_drill(
    seed: Annotated[int | None, typer.Option(help="Chooses the random moment.")] = None,
) -> None:
    """Restore to the newest and a random moment beside the suite, and compare all tables."""
    from infra.backups.commands import rehearse

    asyncio.run(rehearse(open_suite(), Progress(), seed))
