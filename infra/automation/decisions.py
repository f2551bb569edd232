"""Decides whether a request is carried out: bounds, cool-downs, dry run; no I/O."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from infra.automation.actions import Action
from infra.automation.inbox import Request
from infra.plan.figures import Automation

Mode = Literal["on", "off", "dry"]
MODES: tuple[Mode, ...] = ("on", "off", "dry")
WORKER = "-worker"
# After so many restarts in an hour, of whichever processes, a person is needed: their common cause
# is elsewhere, and restarts would only take away what still answers.
RESTARTS_MAX, RESTARTS_S = 3, 3600.0
CHANGES = frozenset({"add_replica", "remove_replica", "add_worker", "remove_worker"})
_ADDS = frozenset({"add_replica", "add_worker"})
# A switch is extended when less than a third of its time is left.
SWITCH_S = 900.0
EXTEND_BELOW_S = SWITCH_S / 3


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of a request: `do` it, or an outcome; `quiet` ones are not worth a record."""

    outcome: Literal["do", "refused", "off", "dry", "quiet"]
    why: str
    count: int = 0  # of a role's processes afterwards


@dataclass(frozen=True, slots=True)
class Facts:
    """What a decision depends on; the numbers of processes are by role, ends are Unix times."""

    now: float
    mode: Mode
    rules: Automation
    counts: Mapping[str, int]
    floors: Mapping[str, int]  # chosen by people
    most: Mapping[str, tuple[int, str]]  # the most that fits, and why
    processes: frozenset[str]  # those that may be restarted
    switched_until: Mapping[str, float]  # by the verb that switches
    undeployed: str = ""  # what a change would bring beside its number


def decide(request: Request, facts: Facts, done: Sequence[Action]) -> Decision:
    """Return what becomes of a request; `done` has the latest actions, oldest first."""
    if facts.mode == "off":
        return Decision("off", "automation is switched off")
    match request.verb:
        case verb if verb in CHANGES:
            decision = _change(request, facts, done)
        case "restart_process":
            decision = _restart(request, facts, done)
        case "renew_certificates":
            last = _last(done, {request.verb}, request.target)
            decision = _after_pause(last, facts, "renewed the certificates")
        case _:
            decision = _switch(request, facts)
    if decision.outcome == "do" and facts.mode == "dry":
        return Decision("dry", f"would have {decision.why}")
    return decision


def role_of(request: Request) -> str:
    """Return the role whose number of processes a request changes."""
    if request.verb.endswith("_worker"):
        return request.target.removesuffix(WORKER) + WORKER
    return request.target


def _change(request: Request, facts: Facts, done: Sequence[Action]) -> Decision:
    role = role_of(request)
    adds = request.verb in _ADDS
    if role not in facts.counts or role.endswith(WORKER) != request.verb.endswith("_worker"):
        return Decision("refused", f"{request.target} has no such processes")
    last = _last_change(done, role)
    pause_s = facts.rules.cool_down_seconds if adds else facts.rules.calm_seconds
    if last is not None and facts.now - last.at < pause_s:
        return Decision("quiet", f"{role} changed {facts.now - last.at:.0f} s ago")
    decision = _addition(role, facts) if adds else _removal(role, facts)
    if decision.outcome == "do" and facts.undeployed:
        # Only people deploy.
        return Decision("refused", facts.undeployed)
    return decision


def _addition(role: str, facts: Facts) -> Decision:
    count, times = facts.counts[role], facts.rules.growth_max
    if count >= facts.rules.drawn.get(role, 1) * times:
        return Decision("refused", f"{role} has {count} processes, {times} times the topology's")
    most, why = facts.most.get(role, (count, "nothing is known of the machine"))
    if count >= most:
        return Decision("refused", f"{role} has no room for more than {most}: {why}")
    return Decision("do", f"added one to {count} processes of {role}", count + 1)


def _removal(role: str, facts: Facts) -> Decision:
    count = facts.counts[role]
    floor = facts.floors.get(role, facts.rules.drawn.get(role, 1))
    if count <= floor:
        return Decision("quiet", f"{role} has no more than the {floor} that people chose")
    return Decision("do", f"removed one of {count} processes of {role}", count - 1)


def _restart(request: Request, facts: Facts, done: Sequence[Action]) -> Decision:
    if request.target not in facts.processes:
        return Decision("refused", f"{request.target} is no process that may be restarted")
    lately = [
        action
        for action in done
        if action.verb == request.verb and action.at > facts.now - RESTARTS_S
        if action.outcome in {"done", "failed"}
    ]
    own = [action for action in lately if action.target == request.target]
    if own and facts.now - own[-1].at < facts.rules.calm_seconds:
        return _after_pause(own[-1], facts, "")
    if len(lately) >= RESTARTS_MAX:
        return Decision("refused", f"processes were restarted {len(lately)} times within an hour")
    if lately and facts.now - lately[-1].at < facts.rules.calm_seconds:
        return Decision("refused", f"{lately[-1].target} was restarted a moment ago")
    return Decision("do", f"restarted {request.target}")


def _after_pause(last: Action | None, facts: Facts, what: str) -> Decision:
    if last is not None and facts.now - last.at < facts.rules.calm_seconds:
        return Decision("quiet", f"it was done {facts.now - last.at:.0f} s ago")
    return Decision("do", what)


def _switch(request: Request, facts: Facts) -> Decision:
    left_s = facts.switched_until.get(request.verb, 0.0) - facts.now
    match request.verb:
        case "pause_fan_out" | "refuse_uploads":
            if left_s > EXTEND_BELOW_S:
                return Decision("quiet", "it is switched already")
            return Decision("do", f"switched for {SWITCH_S / 60:.0f} minutes")
        case _:
            return (
                Decision("do", "switched back")
                if left_s > 0
                else Decision("quiet", "nothing is switched")
            )


def _last(done: Sequence[Action], verbs: set[str], target: str) -> Action | None:
    found = [
        action
        for action in done
        if action.verb in verbs and action.target == target and action.outcome in {"done", "failed"}
    ]
    return found[-1] if found else None


def _last_change(done: Sequence[Action], role: str) -> Action | None:
    found = [
        action
        for action in done
        if action.verb in CHANGES
        and action.outcome in {"done", "failed"}
        and role_of(Request(action.at, action.alert, action.verb, action.target)) == role
    ]
    return found[-1] if found else None
