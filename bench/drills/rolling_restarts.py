"""Restarts everything, one replica after the other, several times: no request may fail."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import httpx

from bench.drills.dead_replicas import say_errors
from bench.drills.drill import SHARE_OF_THE_KNEE, Drill
from bench.drills.finding import Finding, say
from bench.drills.process_metrics import SERVICES
from bench.knee import find_knee_again
from bench.machine_speed import MachineSpeed, machine_speed
from bench.open_loop import Answers
from tests.suite import Suite

RESTARTED = (*SERVICES, "nginx")
# Time for the last restarted replica to get its first requests.
AFTER_S = 3.0
# Below this fraction of its speed, the machine is near its limit with this load. A failed request
# counts as slow if the machine was slow up to MARKED_S before it.
SLOW = 0.8
MARKED_S = 3.0


@dataclass
class _Tally:
    asked: int = 0
    resent: int = 0
    failed: int = 0
    failed_slow: int = 0

    def add(self, answers: Answers, speed: MachineSpeed, usual: float) -> None:
        """Add a restart; `usual` is the machine's speed at the knee."""
        self.asked += len(answers.all)
        self.resent += answers.resent
        for answer in answers.all:
            if not answer.is_good:
                sent_s = answers.began_s + answer.sent_s
                slowest = speed.slowest(sent_s - MARKED_S, sent_s + answer.took_s)
                self.failed += 1
                self.failed_slow += slowest < usual * SLOW


async def rolling_restarts(drill: Drill) -> list[Finding]:
    """Do what `make restart` does, for each service and the balancers.

    Each round first searches for the knee again. Requests that fail while the machine is slower
    than at the knee are counted separately.
    """
    tally = _Tally()
    rates: list[float] = []
    # The restart tool runs in a process that has already imported it. The import takes a second,
    # and in the load's own process it would delay the load.
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as tool:
        tool.submit(_load_tool).result()
        for number in range(drill.restarts):
            requests = await drill.requests()
            async with machine_speed() as at_the_knee:
                rates.append(await _rate_now(drill, requests, rates))
            for service in RESTARTED:
                say(f"rolling restart {number + 1} of {drill.restarts}: {service}")
                async with machine_speed() as speed, drill.load(requests, rates[-1]) as answers:
                    await asyncio.wrap_future(tool.submit(_restart, drill.suite.run_dir, service))
                    await asyncio.sleep(AFTER_S)
                say_errors(answers, 0.0)
                slowest = speed.slowest(answers.began_s, answers.began_s + answers.seconds)
                say(f"  at {_shares(speed.median, slowest, at_the_knee.median)}")
                tally.add(answers, speed, at_the_knee.median)
    return [_finding(tally, drill.restarts, rates)]


def _shares(median: float, slowest: float, usual: float) -> str:
    return (
        f"{median / usual:.0%} of the speed that the machine had at the knee,"
        f" {slowest / usual:.0%} in its slowest second"
    )


def _finding(tally: _Tally, restarts: int, rates: Sequence[float]) -> Finding:
    return Finding(
        "draining loses nothing",
        f"{restarts} rolling restarts of everything, at {min(rates):.0f} to {max(rates):.0f}/s",
        "no failed request",
        f"{tally.failed} of {tally.asked} ({tally.resent} sent again on a new connection);"
        f" {tally.failed_slow} of them while the machine had less than {SLOW:.0%} of its speed",
        tally.failed == 0,
    )


async def _rate_now(drill: Drill, requests: Sequence[httpx.Request], rates: list[float]) -> float:
    if drill.knee is None:
        return drill.rate
    before = rates[-1] / SHARE_OF_THE_KNEE if rates else drill.knee
    return await find_knee_again(drill.exchanges, requests, before) * SHARE_OF_THE_KNEE


def _restart(run_dir: Path, service: str) -> None:
    asyncio.run(Suite(run_dir, None).restart_within(service))


def _load_tool() -> None:
    """Do nothing; running this in a process imports the tool there."""
