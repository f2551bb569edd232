"""Finds the knee: the highest rate at which 99 of 100 requests succeed within 500 ms."""

import sys
from collections.abc import Sequence

import httpx

from bench.open_loop import Answers, Exchanges, open_loop

KNEE_MS = 500.0
# Long enough that a moment of a fast machine does not decide the result.
STEP_S = 12.0
STEP_AGAIN = 1.15
RATE_MIN = 10.0
WARM_UP_RATE = 30.0


async def warm_up(exchanges: Exchanges, requests: Sequence[httpx.Request]) -> None:
    """Open connections and fill the caches of new accounts."""
    await open_loop(exchanges, requests, WARM_UP_RATE, STEP_S)


async def find_knee(exchanges: Exchanges, requests: Sequence[httpx.Request]) -> float:
    """Return the knee in requests per second, and print each step; warm up before."""
    rate, knee, step = 40.0, 30.0, 1.5
    while step > 1.1:
        if await _is_well(exchanges, requests, rate):
            knee = rate
        else:
            step **= 0.5
        rate = knee * step
    print(f"the knee is at {knee:.0f} requests a second\n")
    return knee


async def find_knee_again(
    exchanges: Exchanges, requests: Sequence[httpx.Request], knee: float
) -> float:
    """Search again near the last knee, since the machine's speed may have changed."""
    rate = knee * STEP_AGAIN
    while rate > RATE_MIN and not await _is_well(exchanges, requests, rate):
        rate /= STEP_AGAIN
    return rate


async def _is_well(exchanges: Exchanges, requests: Sequence[httpx.Request], rate: float) -> bool:
    answers = await open_loop(exchanges, requests, rate, STEP_S)
    tell(f"{rate:.0f}/s", answers)
    good = answers.count(good=True)
    return answers.ms(0.99, good=True) < KNEE_MS and good > 0.99 * len(answers.all)


def tell(what: str, answers: Answers) -> None:
    """Print a line about a run or a part of it."""
    print(
        f"{what:<30} good {answers.good_per_second:6.0f}/s"
        f"  p50 {answers.ms(0.5, good=True):5.0f}  p99 {answers.ms(0.99, good=True):5.0f} ms"
        f"   refused {answers.count(good=False):6}  p99 {answers.ms(0.99, good=False):5.0f} ms"
        f"   failed {answers.failed}"
    )
    sys.stdout.flush()
