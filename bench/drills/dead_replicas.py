"""A replica dies or freezes: few requests fail, and none after some seconds."""

import asyncio
from collections.abc import Awaitable, Callable

from bench.drills.drill import Drill
from bench.drills.finding import Finding, say
from bench.drills.process_metrics import SERVICES
from bench.open_loop import Answers

BEFORE_S = 3.0
FROZEN_S = 20.0
KILLED_SHARE_MAX, KILLED_UNTIL_S = 0.001, 2.0
FROZEN_SHARE_MAX, FROZEN_UNTIL_S = 0.01, 5.0


async def dead_replicas(drill: Drill) -> list[Finding]:
    """Kill the first replica of each service, which restarts by itself, then freeze it."""
    findings = []
    for service in SERVICES:
        findings.append(await _killed(drill, f"{service}-1"))
        findings.append(await _frozen(drill, f"{service}-1"))
    return findings


async def _killed(drill: Drill, name: str) -> Finding:
    async def kill() -> None:
        drill.suite.kill(name)
        await asyncio.sleep(drill.seconds)

    answers, broken_s = await _under_load(drill, f"kill -9 {name}", kill)
    return _finding(
        f"kill -9 {name}",
        answers.between(broken_s, broken_s + drill.seconds),
        *(broken_s, KILLED_SHARE_MAX, KILLED_UNTIL_S),
    )


async def _frozen(drill: Drill, name: str) -> Finding:
    async def freeze() -> None:
        async with drill.frozen(name):
            await asyncio.sleep(FROZEN_S)

    answers, broken_s = await _under_load(drill, f"{name} frozen", freeze)
    return _finding(
        f"{name} frozen for {FROZEN_S:.0f} s",
        answers.between(broken_s, broken_s + FROZEN_S),
        *(broken_s, FROZEN_SHARE_MAX, FROZEN_UNTIL_S),
    )


async def _under_load(
    drill: Drill, what: str, break_it: Callable[[], Awaitable[None]]
) -> tuple[Answers, float]:
    """Return the answers, and the time of the fault by their clock."""
    say(f"dead replicas: {what}")
    requests = await drill.requests()
    async with drill.load(requests) as answers:
        await asyncio.sleep(BEFORE_S)
        broken_s = answers.now_s
        await break_it()
    await drill.is_well()
    return answers, broken_s


def _finding(
    done: str, answers: Answers, broken_s: float, share_max: float, until_s: float
) -> Finding:
    errors = [answer for answer in answers.all if not answer.is_good]
    share = len(errors) / max(len(answers.all), 1)
    last_s = max((error.sent_s - broken_s for error in errors), default=0.0)
    say_errors(answers, broken_s)
    return Finding(
        "an instance dies" if "kill" in done else "an instance is a black hole",
        done,
        f"errors ≤ {share_max:.1%}, none after {until_s:.0f} s",
        f"{len(errors)} of {len(answers.all)} ({share:.2%})"
        + (f", last at {last_s:.1f} s" if errors else ""),
        share <= share_max and last_s <= until_s,
    )


def say_errors(answers: Answers, broken_s: float, most: int = 8) -> None:
    """Print the first errors with their request ids, which the logs contain too."""
    errors = [answer for answer in answers.all if not answer.is_good]
    for error in errors[:most]:
        say(
            f"    {error.sent_s - broken_s:5.1f} s  {error.kind}: {error.status or 'no answer'}"
            f" after {error.took_s * 1000:.0f} ms  {error.request_id}"
        )
    if len(errors) > most:
        say(f"    and {len(errors) - most} more")
