"""Where the knee is: the highest rate at which 99 of 100 are answered well within 500 ms."""

import sys
from collections.abc import Sequence

import httpx

from bench.open_loop import Answers, Exchanges, open_loop

KNEE_MS = 500.0
STEP_S = 6.0


async def find_knee(exchanges: Exchanges, requests: Sequence[httpx.Request]) -> float:
    """Requests a second; each step of the search is printed."""
    await open_loop(exchanges, requests, 30, STEP_S)  # Connections and caches.
    rate, knee, step = 40.0, 30.0, 1.5
    while step > 1.1:
        answers = await open_loop(exchanges, requests, rate, STEP_S)
        tell(f"{rate:.0f}/s", answers)
        is_well = answers.ms(0.99, good=True) < KNEE_MS and (
            answers.count(good=True) > 0.99 * len(answers.all)
        )
        if is_well:
            knee = rate
        else:
            step **= 0.5
        rate = knee * step
    print(f"the knee is at {knee:.0f} requests a second\n")
    return knee


def tell(what: str, answers: Answers) -> None:
    """A line about a run, or a part of one."""
    print(
        f"{what:<24} good {answers.good_per_second:6.0f}/s"
        f"  p50 {answers.ms(0.5, good=True):5.0f}  p99 {answers.ms(0.99, good=True):5.0f} ms"
        f"   refused {answers.count(good=False):6}  p99 {answers.ms(0.99, good=False):5.0f} ms"
        f"   failed {answers.failed}"
    )
    sys.stdout.flush()
