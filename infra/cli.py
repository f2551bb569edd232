"""The commands behind the Makefile, such as `python -m infra up`, `down` and `status`."""

import asyncio
import os
import signal
import sys
from datetime import UTC, datetime
from typing import Annotated

import typer

from infra import (
    backup_commands,
    chart_commands,
    elsewhere_commands,
    forecast_command,
    hosts_commands,
    public_commands,
    rotation_commands,
    scale_commands,
    ship_commands,
    switch_commands,
    upkeep_commands,
)
from infra.automation.executor import mode_of
from infra.backups.complaints import backup_lines
from infra.backups.vanished import vanished_lines
from infra.code_version import code_version
from infra.command_line import app, told
from infra.control.authority_rotation import finish_authority
from infra.control.database_rotation import finish_database_rotations
from infra.control.disk_space import short_of_disk_space
from infra.control.failures import SuiteFailure
from infra.control.late_settings import apply_settings
from infra.control.migrations import status_of_all
from infra.control.progress import Progress
from infra.control.promote import promote as promote_replica
from infra.control.psql import become_psql
from infra.control.recorded_stop import stop_and_record
from infra.control.reset import delete_everything
from infra.control.restart import restart_rolling
from infra.control.rotation import go_on_with_rotation
from infra.control.run_lock import sole_command
from infra.control.shape import change_shape
from infra.control.start import start_suite
from infra.control.stop import stop_suite
from infra.control.switchover import switch_over
from infra.control.upkeep import require_running, run_migrations
from infra.control.watchers_start import start_watchers
from infra.deletion_audit.everywhere import check_deleted
from infra.elsewhere.refusals import require_own_database
from infra.failover.roles import require_no_failover
from infra.holdings.findings import Words
from infra.process import Tier
from infra.scaling.switches import read_switches
from infra.shell_settings import forget_settings_of_other_work
from infra.status.accounts import access_of, accounts_line, table_of
from infra.status.automation import automation_lines
from infra.status.certificates import certificate_lines
from infra.status.changes import print_changes
from infra.status.databases import database_lines
from infra.status.logs import follow, lines_since, log_files, time_of, wanted_lines
from infra.status.metrics import metrics_of
from infra.status.numbers import number_lines
from infra.status.status import print_table, rows_of
from infra.status.switches import switch_lines
from infra.status.trace import print_trace
from infra.status.versions import version_lines
from infra.status.welcome import welcome
from infra.suite import open_suite
from shared.sharding.migrate_command import newer_schemas
from shared.version import version_text

# Imported because these modules add commands.
ALSO = (
    backup_commands,
    chart_commands,
    elsewhere_commands,
    forecast_command,
    hosts_commands,
    public_commands,
    rotation_commands,
    scale_commands,
    ship_commands,
    switch_commands,
    upkeep_commands,
)


def main() -> None:
    """Run the command that is named in the arguments."""
    # The databases' users must read our files, whatever the shell's umask is.
    os.umask(0o022)
    forget_settings_of_other_work(os.environ)
    try:
        app()
    finally:
        # The command has ended, so an interruption must not change its exit status.
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def _things(said: str) -> frozenset[str]:
    return frozenset(thing.strip() for thing in said.split(",") if thing.strip())


@app.command()
@told
def up(
    data_only: Annotated[
        bool, typer.Option("--data-only", help="Only names, databases, Redis and the store.")
    ] = False,
    anew: Annotated[str, typer.Option("--anew", help="What begins empty: users-a,store")] = "",
    as_is: Annotated[str, typer.Option("--as-is", help="What counts as it lies there.")] = "",
    ha: Annotated[
        bool | None, typer.Option("--ha/--no-ha", help="With failover by Patroni, or without.")
    ] = None,
) -> None:
    """Start the suite, wait until all of it answers, and say where."""
    if ha is not None:
        os.environ["RETRATO_HA"] = "on" if ha else "off"
    suite = open_suite()
    progress = Progress()
    upto = Tier.REPLICAS if data_only else Tier.BALANCERS
    words = Words(anew=_things(anew), as_is=_things(as_is))
    with sole_command(suite.folder, "up"):
        change_shape(suite, progress)
        if suite.folder.restored_file.exists() and not data_only:
            from infra.backups.after_restore import start_restored

            # The repair after a restore into this folder is not finished.
            asyncio.run(start_restored(suite, progress))
        if asyncio.run(start_suite(suite, progress, upto=upto, words=words)):
            progress.say("everything answers")
        else:
            progress.say("it is up already")
        if not data_only:
            asyncio.run(apply_settings(suite, progress))
            asyncio.run(go_on_with_rotation(suite, progress))
            asyncio.run(finish_database_rotations(suite, progress))
            asyncio.run(finish_authority(suite, progress))
            asyncio.run(start_watchers(suite, progress))
    if not data_only:
        sys.stdout.write(welcome(suite, is_seen=sys.stdout.isatty()))
    sys.stdout.write("".join(f"\n{line}\n" for line in vanished_lines(suite)))


@app.command()
@told
def down() -> None:
    """Stop everything; the data stays."""
    progress = Progress()
    suite = open_suite()
    with sole_command(suite.folder, "down"):
        ran = stop_and_record(suite, progress)
    progress.say("nothing runs and nothing listens any more" if ran else "it is down already")


@app.command()
@told
def status() -> None:
    """Show every process: address, state, memory, since when."""
    suite = open_suite()
    rows = asyncio.run(rows_of(suite))
    print_table(rows)
    lines, backups_are_well = backup_lines(suite)
    certificates, are_valid = asyncio.run(certificate_lines(suite))
    databases, are_safe = asyncio.run(database_lines(suite))
    short = short_of_disk_space(suite)
    lines += [*number_lines(suite), *switch_lines(read_switches(suite.folder.switches_file))]
    if suite.plan.automation is not None and (mode := mode_of(suite.folder)) != "on":
        lines += automation_lines(mode, [])
    lines += [accounts_line(suite), *version_lines(rows, version_text(*code_version()))]
    sys.stdout.write("".join(f"{line}\n" for line in (*databases, *lines, *certificates, *short)))
    is_well = all((backups_are_well, are_valid, are_safe, *(row.is_well for row in rows)))
    if short or not is_well:
        raise typer.Exit(1)


@app.command()
@told
def logs(
    what: Annotated[str, typer.Argument(help="A service or a process.")] = "",
    level: Annotated[str, typer.Option(help="From this level on.")] = "",
    since: Annotated[str, typer.Option(help="Only past lines: 10m, 2h, or a time.")] = "",
    grep: Annotated[str, typer.Option(help="Only lines that match.")] = "",
) -> None:
    """Follow the logs of a service, or print its past lines by time."""
    wanted, files = wanted_lines(level, grep), log_files(open_suite(), what)
    if not since:
        follow(files, wanted)
        return
    begin = time_of(since, datetime.now(UTC))
    sys.stdout.writelines(f"{line}\n" for line in lines_since(files, begin, wanted))


@app.command()
@told
def trace(
    request_id: str,
    page: Annotated[bool, typer.Option("--html", help="Also write a page with bars.")] = False,
) -> None:
    """Print the trace of one request, if it was kept, and all that was logged about it."""
    print_trace(open_suite().folder, request_id, with_page=page)


@app.command()
@told
def accounts() -> None:
    """Print a table of accounts: what each part of the suite can read and call."""
    sys.stdout.write(table_of(access_of(open_suite())))


@app.command()
@told
def metrics(process: str) -> None:
    """Print the metrics of one process."""
    sys.stdout.write(metrics_of(open_suite(), process))


@app.command()
@told
def restart(what: str) -> None:
    """Restart a service, one replica at a time."""
    suite = open_suite()
    with sole_command(suite.folder, "restart"):
        asyncio.run(restart_rolling(suite, what, Progress()))


@app.command()
@told
def promote(
    name: str,
    give_up_newer: Annotated[
        bool, typer.Option("--give-up-newer", help="Although the primary is whole and has more.")
    ] = False,
) -> None:
    """Give a replica's data the place of its primary, which is lost."""
    suite = open_suite()
    require_own_database(suite.plan, name, "A promotion")
    require_no_failover(suite, "A promotion")
    with sole_command(suite.folder, "promote"):
        asyncio.run(promote_replica(suite, name, Progress(), gives_up_newer=give_up_newer))


@app.command()
@told
def switchover(
    name: str, to: Annotated[str, typer.Option("--to", help="The member that leads next.")] = ""
) -> None:
    """Let the replica in sync lead a database, while the suite serves."""
    suite = open_suite()
    require_running(suite)
    require_own_database(suite.plan, name, "A switchover")
    if suite.plan.failover is None:
        raise SuiteFailure("Without failover a replica cannot take over: `make up HA=1` adds it.")
    with sole_command(suite.folder, "switchover"):
        asyncio.run(switch_over(suite, name, to, Progress()))


@app.command("plan-changes")
@told
def plan_changes() -> None:
    """Print the difference between the topology and what exists; change nothing."""
    if not print_changes(open_suite()):
        raise typer.Exit(1)


@app.command()
@told
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
@told
def migrate() -> None:
    """Bring every logical shard to the newest schema."""
    suite, progress = open_suite(), Progress()
    require_running(suite)
    with sole_command(suite.folder, "migrate"):
        run_migrations(suite)
    progress.say("every shard is at the newest migration")


@app.command("migrate-status")
@told
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


@app.command("check-deleted")
@told
def check_deleted_account(
    words: Annotated[
        list[str], typer.Argument(help="Ids of user, posts, photos; the username; the address.")
    ],
) -> None:
    """Say whether anything still names a deleted account."""
    asyncio.run(check_deleted(open_suite(), words, Progress()))


@app.command(context_settings={"ignore_unknown_options": True})
@told
def psql(
    node: Annotated[str, typer.Argument(help="A Postgres server, such as users-a.")],
    arguments: Annotated[list[str] | None, typer.Argument(help="Passed on to psql.")] = None,
) -> None:
    """Open psql as the superuser on one server, in the database of its group."""
    become_psql(open_suite(), node, arguments or [])
