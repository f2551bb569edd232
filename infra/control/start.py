"""Starts the suite tier by tier; each tier must answer before the next one starts."""

import asyncio
import datetime as dt
import os
import time
from collections.abc import Iterable
from dataclasses import replace
from itertools import count
from pathlib import Path

from infra.backups.vanished import look_for_backups
from infra.code_place import renew_code
from infra.control.clusters import start_clusters, wait_until_confirmed
from infra.control.disk_space import require_disk_space
from infra.control.examination import examine_primaries
from infra.control.failures import Contradiction, SuiteFailure
from infra.control.health import are_healthy, is_healthy, refusal_of
from infra.control.homes_kept import keep_homes
from infra.control.leftovers import end_leftovers, leftover_pids
from infra.control.migrations import migrate_all
from infra.control.opening import Opening, open_holdings, with_keys
from infra.control.passwords import set_passwords
from infra.control.ports import require_free
from infra.control.postgres_data import drop_stale_locks, make_primaries, make_replicas
from infra.control.postgres_roles import logins_are_made, prepare_primary
from infra.control.progress import Progress
from infra.control.recording import record_running
from infra.control.redis_data import put_unreadable_aside
from infra.control.stop import stop_suite, wait_stopped
from infra.control.supervisor import Supervisor
from infra.elsewhere.holdings import are_filled, mark_shards
from infra.elsewhere.opening import require_elsewhere
from infra.holdings.findings import Words
from infra.holdings.ledger import Ledger, changed, write_ledger
from infra.holdings.store_marker import make_bucket, mark_store
from infra.process import Process, Tier
from infra.processes import processes_of
from infra.rendering.everything import render_everything
from infra.suite import Suite

# A process that exits is noticed at once. This limit is for one that hangs, on a busy machine.
_HEALTH_TIMEOUT_S = 120.0
_POLL_S = 0.05
# Asking a process with a closed port is cheap; asking the supervisor takes milliseconds.
_POLLS_A_LOOK = 8
_LOG_TAIL_LINES = 12
_LOG_LINE_CHARS_MAX = 300
_END_TIMEOUT_S = 20.0
# A server that refuses us does so from its start; before this time a slow start is not diagnosed.
_PATIENCE_S = 4.0
# The children of a killed server hold its memory and its port for a moment longer. If the log says
# so, the start waits as long as for any process that ends.
_RETRIED_S = 5.0
_HELD_WORDS = "still in use"
_SAY_EACH_S = 15.0
_NO_WORDS = Words()


async def start_suite(
    suite: Suite, progress: Progress, *, upto: Tier, words: Words = _NO_WORDS
) -> bool:
    """Compare the suite with its ledger, then start every tier up to `upto`.

    Returns False if everything ran already. If something is missing or contradicts the rest, and
    `words` do not decide it, raises SuiteFailure before anything is created or started.
    """
    processes = processes_of(suite)
    wanted = [process for process in processes if process.tier <= upto]
    supervisor = Supervisor(suite.folder)
    runs = supervisor.is_running()
    require_disk_space(suite, runs=runs)
    renew_code(suite.folder, *_pythons(suite))
    if not runs:
        _clear_the_ground(suite, progress)
        drop_stale_locks(suite)
    opening = await open_holdings(suite, _servers_in_use(supervisor, runs), words, progress)
    suite = with_keys(suite)
    await require_elsewhere(suite, opening, progress)
    if runs:
        is_whole = not opening.adds_or_removes and are_filled(suite, opening.ledger)
        is_whole = is_whole and await _all_well(suite, supervisor, wanted)
        # A suite that an older version started lacks the roles of its processes.
        if is_whole and await logins_are_made(suite):
            await record_running(suite, opening.ledger)
            render_everything(suite, processes)
            return False
        progress.say("the supervisor runs, but not all that the topology draws: starting the rest")
        render_everything(suite, processes)
        _renew_described(supervisor, processes, progress)
    else:
        render_everything(suite, processes)
        progress.say(f"configuration, keys and certificates are in {suite.folder.root}")
        require_free(suite.plan.endpoints)
        supervisor.launch()
    try:
        ledger, made = await _start_primaries(suite, supervisor, wanted, opening, progress)
    except Contradiction as contradiction:
        if not runs:
            # Nothing was created in the databases yet, and contradicting ones must not run.
            await _stop_again(suite, contradiction)
        raise
    # Before the keeper starts, which begins new backups where it finds none.
    if unknown := await look_for_backups(suite):
        progress.say(f"whether the earlier backups are there is not known: {unknown}")
    made |= await _start_the_rest(suite, supervisor, wanted, progress)
    if made:
        # Data was created without fsync, so it is synced before the start reports success.
        await asyncio.to_thread(os.sync)
    await record_running(suite, ledger)
    return True


def _pythons(suite: Suite) -> tuple[Path, ...]:
    """Return the interpreters that the parts' accounts must be able to run."""
    if suite.plan.failover is None:
        return (suite.decoder_python,)
    if not suite.patroni_python.exists():
        raise SuiteFailure(
            f"{suite.patroni_python} is missing: without RETRATO_PYTHON, `make up HA=1` installs"
            " Patroni there."
        )
    return (suite.decoder_python, suite.patroni_python)


async def _stop_again(suite: Suite, contradiction: Contradiction) -> None:
    try:
        await asyncio.to_thread(stop_suite, suite, Progress(quiet=True))
    except SuiteFailure as failure:
        # Why it was stopped matters more than what still runs.
        raise Contradiction(f"{contradiction}\n\nThe stop did not succeed: {failure}") from None


async def start_process(
    suite: Suite, supervisor: Supervisor, process: Process, progress: Progress | None = None
) -> float:
    """Start a process and wait until it answers; returns the seconds. Raises SuiteFailure."""
    began_s = time.monotonic()
    began = dt.datetime.now(dt.UTC)
    await _until_stopped(supervisor, process)
    if process.data is not None and not supervisor.state(process.name).is_up:
        await asyncio.to_thread(process.account.own_tree, process.data)
    supervisor.start(process.name)
    said_s = 0.0
    for attempt in count():
        if await is_healthy(suite, process):
            break
        waited_s = time.monotonic() - began_s
        if attempt % _POLLS_A_LOOK == 0:
            await _require_hope(suite, supervisor, process, waited_s, began, progress)
        if progress and waited_s - said_s > _SAY_EACH_S:
            said_s = waited_s
            until = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=_HEALTH_TIMEOUT_S - waited_s)
            progress.say(
                f"waiting for {process.name} at {process.endpoint}, until {until:%H:%M:%S} UTC at"
                " the latest"
            )
        await asyncio.sleep(_POLL_S)
    return time.monotonic() - began_s


async def _require_hope(
    suite: Suite,
    supervisor: Supervisor,
    process: Process,
    waited_s: float,
    began: dt.datetime,
    progress: Progress | None,
) -> None:
    """Raise SuiteFailure if waiting longer cannot help; a Redis may get another start, empty."""
    state = supervisor.state(process.name)
    if state.has_failed:
        aside = put_unreadable_aside(suite, process, _log_tail(suite, process))
        if aside:
            said = progress or Progress(quiet=True)
            said.say(f"{process.name} cannot read its data, which is now {aside.name}")
            supervisor.start(process.name)
            return
    retries = state.state == "BACKOFF" and waited_s < _retried_s(suite, process)
    if (state.has_failed and not retries) or waited_s > _HEALTH_TIMEOUT_S:
        raise SuiteFailure(_obituary(suite, process, state.state, waited_s))
    if waited_s > _PATIENCE_S and (refusal := await refusal_of(suite, process, began)):
        raise SuiteFailure(refusal)


def _retried_s(suite: Suite, process: Process) -> float:
    is_held = any(_HELD_WORDS in line for line in _log_tail(suite, process))
    return _END_TIMEOUT_S if is_held else _RETRIED_S


async def _until_stopped(supervisor: Supervisor, process: Process) -> None:
    """Wait for the end of an interrupted stop, during which the process may still answer."""
    deadline_s = time.monotonic() + process.stop_wait_s + _END_TIMEOUT_S
    while supervisor.state(process.name).state == "STOPPING":
        if time.monotonic() > deadline_s:
            raise SuiteFailure(f"{process.name} was told to stop, and does not end.")
        await asyncio.sleep(_POLL_S)


async def _start_primaries(
    suite: Suite,
    supervisor: Supervisor,
    wanted: list[Process],
    opening: Opening,
    progress: Progress,
) -> tuple[Ledger, bool]:
    """Start the primaries and migrate all shards; returns the ledger, and whether data is new."""
    # The ledger decides and not ANEW, because an interrupted start continues without the option.
    if opening.ledger.secrets is None and "secrets" in opening.ledger.begun_anew:
        await set_passwords(suite)
    made = await make_primaries(suite, opening.verdict.primaries_to_make)
    if made:
        progress.say(f"made {len(made)} Postgres primaries: {', '.join(made)}")
    make_bucket(suite)
    opening = await _mark_new_store(suite, opening)
    await _start_data(suite, supervisor, wanted, made, progress)
    ledger, homes = await examine_primaries(suite, opening, progress)
    await asyncio.gather(
        *(
            prepare_primary(suite, group, database)
            for group in suite.plan.own_groups.values()
            for database in group.databases
        )
    )
    await wait_until_confirmed(suite)
    await migrate_all(suite, progress)
    await keep_homes(suite, ledger, homes, opening.replaced)
    await mark_shards(suite, ledger)
    return ledger, bool(made)


async def _start_data(
    suite: Suite,
    supervisor: Supervisor,
    wanted: list[Process],
    made: list[str],
    progress: Progress,
) -> None:
    """Start what the data needs, and the primaries; with failover, Patroni chooses these."""
    first = [process for process in wanted if process.tier <= Tier.DATA]
    if suite.plan.failover is None:
        await _start_tier(suite, supervisor, first, progress)
        return
    others = [process for process in first if process.kind != "postgres"]
    await _start_tier(suite, supervisor, others, progress)
    await start_clusters(suite, supervisor, made, progress)


async def _mark_new_store(suite: Suite, opening: Opening) -> Opening:
    """Write the marker of an embedded store before it starts; returns what the ledger now says.

    A store that runs would not list the marker for minutes, so that the backups would lack it. A
    lost ledger is first read from the databases.
    """
    is_known = opening.had_ledger or opening.facts.nothing_is_there
    if not suite.plan.store.embedded or not is_known:
        return opening
    ledger = changed(opening.ledger, store=await mark_store(suite, opening.ledger))
    return replace(opening, ledger=write_ledger(suite.folder.ledger_file, ledger))


async def _start_the_rest(
    suite: Suite, supervisor: Supervisor, wanted: list[Process], progress: Progress
) -> bool:
    """Start replicas and services concurrently; returns whether replicas were copied."""
    copied = await make_replicas(suite) if suite.plan.failover is None else []
    if copied:
        progress.say(f"copied {len(copied)} Postgres replicas: {', '.join(copied)}")
    replicas = [process for process in wanted if process.tier == Tier.REPLICAS]
    if suite.plan.failover is not None:
        # Any member may lead, so that the first one may be a replica.
        replicas += [p for p in wanted if p.kind == "postgres" and p not in replicas]

    async def start_services() -> None:
        for tier in (Tier.SERVICES, Tier.GATEWAYS, Tier.BALANCERS):
            await _start_tier(suite, supervisor, [p for p in wanted if p.tier == tier], progress)

    await asyncio.gather(_start_tier(suite, supervisor, replicas, progress), start_services())
    return bool(copied)


def _servers_in_use(supervisor: Supervisor, runs: bool) -> set[str]:
    if not runs:
        return set()
    states = supervisor.states()
    return {
        name.removeprefix("postgres-")
        for name, state in states.items()
        if name.startswith("postgres-") and state.pid  # includes a stopping server
    }


async def _start_tier(
    suite: Suite, supervisor: Supervisor, processes: list[Process], progress: Progress
) -> None:
    async def start(process: Process) -> None:
        took_s = await start_process(suite, supervisor, process, progress)
        progress.say(f"{process.name:<25} answers at {process.endpoint:<20} after {took_s:.1f} s")

    await asyncio.gather(*(start(process) for process in processes))


async def _all_well(suite: Suite, supervisor: Supervisor, wanted: Iterable[Process]) -> bool:
    states = supervisor.states()
    processes = list(wanted)
    if not all(process.name in states and states[process.name].is_up for process in processes):
        return False
    return all(await are_healthy(suite, processes))


def _renew_described(
    supervisor: Supervisor, processes: tuple[Process, ...], progress: Progress
) -> None:
    """Restart processes whose description has changed since an earlier, interrupted start."""
    described = supervisor.reload()
    # A removed replica must stop, because its primary drops its slot.
    supervisor.remove_undescribed("postgres-")
    changed = [process for process in processes if process.name in described]
    if changed:
        progress.say(f"{len(changed)} processes start in another way now: restarting them together")
    for process in changed:
        supervisor.begin_stop(process.name)
    wait_stopped(supervisor, changed)
    for process in changed:
        supervisor.renew(process.name)


def _clear_the_ground(suite: Suite, progress: Progress) -> None:
    """End the processes of a dead supervisor, and remove its socket."""
    left = leftover_pids(suite.folder, suite.plan.endpoints)
    if left:
        progress.say(f"ending {len(left)} processes that an earlier run left behind")
        endpoints = suite.plan.endpoints
        still = end_leftovers(suite.folder, endpoints, timeout_s=_END_TIMEOUT_S)
        if still:
            raise SuiteFailure(f"These processes do not end: {sorted(still)}. End them by hand.")
    suite.folder.supervisor_socket.unlink(missing_ok=True)
    suite.folder.supervisor_pid_file.unlink(missing_ok=True)


def _obituary(suite: Suite, process: Process, state: str, waited_s: float) -> str:
    tail = [f"    {line[:_LOG_LINE_CHARS_MAX]}" for line in _log_tail(suite, process)]
    said = "\n".join(tail) or "    (nothing)"
    log = suite.folder.process_log(process.name)
    return (
        f"{process.name} does not answer at {process.endpoint} after {waited_s:.0f} s"
        f" (the supervisor says {state}). The last lines of {log}:\n{said}"
    )


def _log_tail(suite: Suite, process: Process) -> list[str]:
    log = suite.folder.process_log(process.name)
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log.exists() else []
    return lines[-_LOG_TAIL_LINES:]
