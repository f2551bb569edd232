"""Finds the knee: the highest rate at which 99 of 100 requests succeed within 500 ms."""

import sys
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

import httpx

from bench.open_loop import Answers, Exchanges, open_loop

KNEE_MS = 500.0
# Long enough that a moment of a fast machine does not decide the result.
STEP_S = 12.0
STEP_AGAIN = 1.15
RATE_MIN = 10.0
WARM_UP_RATE = 30.0
# Each step is about the root of the one before. The last one is the precision of the knee.
STEPS = (1.5, 1.22, 1.11)


async def warm_up(exchanges: Exchanges, requests: Sequence[httpx.Request]) -> None:
    """Open connections and fill the caches of new accounts."""
    await open_loop(exchanges, requests, WARM_UP_RATE, STEP_S)


async def find_knee(exchanges: Exchanges, requests: Sequence[httpx.Request]) -> float:
    """Return the knee in requests per second, and print each step; warm up before."""
    knee = await highest_rate(WARM_UP_RATE, partial(_is_well, exchanges, requests))
    print(f"the knee is at {knee:.0f} requests a second\n")
    return knee


async def highest_rate(lowest: float, is_well: Callable[[float], Awaitable[bool]]) -> float:
    """Return the highest rate that is well, to within the last step; at least `lowest`, untried.

    The search multiplies the rate by a step until a rate is not well, then goes on from the last
    good rate with the next smaller step.
    """
    knee = lowest
    for step in STEPS:
        while await is_well(knee * step):
            knee *= step
    return knee


def is_sustained(*, p99_ms: float, good: int, asked: int) -> bool:
    """Whether 99 of 100 requests succeeded, and their p99 is below KNEE_MS."""
    return p99_ms < KNEE_MS and good >= 0.99 * asked


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
    return is_sustained(
        p99_ms=answers.ms(0.99, good=True),
        good=answers.count(good=True),
        asked=len(answers.all),
    )


def tell(what: str, answers: Answers) -> None:
    """Print a line about a run or a part of it."""
    print(
        f"{what:<30} good {answers.good_per_second:6.0f}/s"
        f"  p50 {answers.ms(0.5, good=True):5.0f}  p99 {answers.ms(0.99, good=True):5.0f} ms"
        f"   refused {answers.count(good=False):6}  p99 {answers.ms(0.99, good=False):5.0f} ms"
        f"   failed {answers.failed}"
    )
    sys.stdout.flush()
