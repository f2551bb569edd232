"""Carries out requests of alerts, one at a time, with the rights of the caretaker."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress

from infra.automation.actions import Action, read_actions, text_of, with_action
from infra.automation.decisions import (
    CHANGES,
    MODES,
    SWITCH_S,
    Decision,
    Facts,
    Mode,
    decide,
    role_of,
)
from infra.automation.inbox import Inbox, Request
from infra.control.failures import SuiteFailure
from infra.control.progress import Progress
from infra.control.restart import restart_as_it_is
from infra.control.run_lock import sole_command
from infra.json_files import write_durably
from infra.latest_suite import LatestSuite
from infra.plan.figures import Automation
from infra.processes import processes_of
from infra.rendering.differences import undeployed
from infra.rendering.live import switch
from infra.run_folder import RunFolder
from infra.scaling.counts import counts_of, read_choices
from infra.scaling.machine_facts import machine_of
from infra.scaling.room import rooms_of
from infra.scaling.scale import add_or_go_back, drawn_plan, scale
from infra.scaling.switches import read_switches
from infra.suite import Suite
from infra.topology_tables import TopologyError
from shared.jobs.pauses import pause
from shared.logs import get_logger

log = get_logger()

LOOK_S = 1.0
# Longer than a restart of a process, or an addition that fails and is taken back.
ACTION_S = 240.0
ACTIONS_FILE_MODE = 0o644
_HELD = "is at work on"

RenewCertificates = Callable[[Suite], Awaitable[None]]


async def carry_out(suite: Suite, renew: RenewCertificates, stop: asyncio.Event) -> None:
    """Look for requests until `stop` is set; a suite may be watched later than it started.

    Ends by nothing else: the caretaker's other loops would end with it.
    """
    inbox, latest = Inbox(suite.folder.automation_inbox), LatestSuite(suite)
    while not stop.is_set():
        try:
            await _carry_out_waiting(inbox, latest, renew, stop)
        except Exception:
            log.exception("automation_crashed")
        await pause(stop, LOOK_S)


async def _carry_out_waiting(
    inbox: Inbox, latest: LatestSuite, renew: RenewCertificates, stop: asyncio.Event
) -> None:
    for request in await asyncio.to_thread(inbox.waiting):
        if stop.is_set():
            return
        try:
            # Read anew, because each action may change the numbers of processes.
            is_done = await carry_out_one(latest.read(), request, renew)
        except (SuiteFailure, TopologyError, OSError) as fault:
            # A file is being replaced or broken. The request is tried until it is over.
            log.warning("automation_waits", error=str(fault))
            continue
        except Exception:
            # It would fail again each second.
            inbox.drop(request)
            raise
        if is_done:
            inbox.drop(request)


async def carry_out_one(suite: Suite, request: Request, renew: RenewCertificates) -> bool:
    """Decide and act; returns False if another command works on the suite, to try again."""
    automation = suite.plan.automation
    if automation is None:
        return True
    actions = read_actions(suite.folder.automation_actions)
    facts = await asyncio.to_thread(_facts, suite, automation, request)
    decision = decide(request, facts, actions)
    if decision.outcome == "quiet":
        return True
    if decision.outcome != "do":
        _record_once(suite.folder, actions, request, decision)
        return True
    began_s = time.monotonic()
    try:
        async with asyncio.timeout(ACTION_S):
            await _act(suite, request, decision, renew)
        outcome, why = "done", decision.why
    except (SuiteFailure, TopologyError, OSError, TimeoutError) as failure:
        if _HELD in str(failure):
            return False
        outcome, why = "failed", str(failure) or f"it took more than {ACTION_S:.0f} s"
    _record(suite.folder, actions, request, outcome, why, time.monotonic() - began_s)
    return True


async def _act(
    suite: Suite, request: Request, decision: Decision, renew: RenewCertificates
) -> None:
    until = time.time() + SWITCH_S
    match request.verb:
        case "renew_certificates":
            await renew(suite)
        case "pause_fan_out":
            switch(suite, fan_out_paused_until=until)
        case "resume_fan_out":
            switch(suite, fan_out_paused_until=0.0)
        case "refuse_uploads":
            switch(suite, uploads_refused_until=until)
        case "accept_uploads":
            switch(suite, uploads_refused_until=0.0)
        case _:
            with sole_command(suite.folder, "automation"):
                await _change_processes(suite, request, decision.count)


async def _change_processes(suite: Suite, request: Request, count: int) -> None:
    quietly = Progress(quiet=True)
    match request.verb:
        case "add_replica" | "add_worker":
            await add_or_go_back(suite, role_of(request), count, quietly)
        case "remove_replica" | "remove_worker":
            await scale(suite, role_of(request), count, quietly, by_automation=True)
        case "restart_process":
            await restart_as_it_is(suite, request.target, quietly)


def mode_of(folder: RunFolder) -> Mode:
    """Return whether automation acts; an unreadable word means off."""
    if not folder.automation_file.exists():
        return "on"
    with suppress(OSError, UnicodeDecodeError):
        said = folder.automation_file.read_text(encoding="ascii").strip()
        return next((mode for mode in MODES if mode == said), "off")
    return "off"


def _facts(suite: Suite, automation: Automation, request: Request) -> Facts:
    # Only these need the topology, which may be half edited.
    is_change = request.verb in CHANGES
    rooms = rooms_of(suite.plan, drawn_plan(suite), machine_of(suite)) if is_change else []
    switches = read_switches(suite.folder.switches_file)
    fan_out, uploads = switches.fan_out_paused_until, switches.uploads_refused_until
    names = {p.name for p in suite.plan.processes if p.service in suite.plan.services}
    return Facts(
        now=time.time(),
        mode=mode_of(suite.folder),
        rules=automation,
        counts=counts_of(suite.plan),
        floors=_floors(suite),
        most={room.role: (room.most, room.why) for room in rooms},
        processes=frozenset(names),
        undeployed=undeployed(suite, processes_of(suite)) if is_change else "",
        switched_until={
            **dict.fromkeys(("pause_fan_out", "resume_fan_out"), fan_out),
            **dict.fromkeys(("refuse_uploads", "accept_uploads"), uploads),
        },
    )


def _floors(suite: Suite) -> dict[str, int]:
    choices = read_choices(suite.folder.scale_file)
    return {role: one.by_person for role, one in choices.items() if one.by_person is not None}


def _record_once(
    folder: RunFolder, actions: list[Action], request: Request, decision: Decision
) -> None:
    """Record what was not done, unless the last record says the same: alerts come each minute.

    The reason does not count, because its figures change from minute to minute.
    """
    latest = [
        action
        for action in actions
        if (action.verb, action.target) == (request.verb, request.target)
    ][-1:]
    if latest and latest[0].outcome == decision.outcome:
        return
    _record(folder, actions, request, decision.outcome, decision.why, 0.0)


def _record(
    folder: RunFolder,
    actions: list[Action],
    request: Request,
    outcome: str,
    why: str,
    seconds: float,
) -> None:
    action = Action(
        at=time.time(),
        alert=request.alert,
        verb=request.verb,
        target=request.target,
        outcome=outcome,
        why=why[:500],
        seconds=round(seconds, 1),
        number=actions[-1].number + 1 if actions else 1,
    )
    log.info("automation_action", **action.as_json())
    text = text_of(with_action(actions, action))
    write_durably(folder.automation_actions, text, mode=ACTIONS_FILE_MODE)
