"""Measures the time of home timelines at a steady rate, in an open loop."""

import random

from bench.bench_world import World
from bench.charts import LineChart, cumulative
from bench.open_loop import Answers, open_loop
from bench.results import Section

# The fraction of the gateway's median throughput: a suite in use with spare capacity.
SHARE = 0.5
SECONDS = 12.0
WARM_UP_S = 2.0
_STEP_S = 1.0


async def steady_rate(world: World, most_per_second: float) -> tuple[float, Answers]:
    """Return the rate, and the answers at that rate."""
    rate = most_per_second * SHARE
    requests = [
        world.request("GET", "/v1/timelines/home?limit=20", random.choice(world.people))
        for _ in range(500)
    ]
    await open_loop(world.exchanges, requests, rate, WARM_UP_S)
    return rate, await open_loop(world.exchanges, requests, rate, SECONDS)


def section(rate: float, answers: Answers) -> Section:
    """Make the report's section."""
    good_ms = [answer.took_s * 1000 for answer in answers.all if answer.is_good]
    return Section(
        "A home timeline at a steady rate",
        f"An open loop for {SECONDS:.0f} s through both balancers at {SHARE:.0%} of our gateway's"
        " throughput above. Requests do not wait for earlier answers. An answer's time begins when"
        " its request was due, even if the sender was late.",
        ["", "asked/s", "good/s", "p50 ms", "p99 ms", "p99.9 ms", "refused", "failed"],
        [
            [
                "home timeline",
                f"{rate:.0f}",
                f"{answers.good_per_second:.0f}",
                *(f"{answers.ms(share, good=True):.1f}" for share in (0.5, 0.99, 0.999)),
                str(answers.count(good=False)),
                str(answers.failed),
            ]
        ],
        [_over_time(answers), _distribution(good_ms)],
    )


def _over_time(answers: Answers) -> LineChart:
    steps = [number * _STEP_S for number in range(int(SECONDS / _STEP_S))]
    parts = [(at_s + _STEP_S / 2, answers.between(at_s, at_s + _STEP_S)) for at_s in steps]
    return LineChart(
        "Waiting over the time of the run",
        "Of the requests due in each second, half were answered within p50, and 99 of 100 within"
        " p99. A peak is a moment of disturbance.",
        "seconds since the loop began",
        "milliseconds",
        [
            (f"p{share * 100:.0f}", [(at_s, part.ms(share, good=True)) for at_s, part in parts])
            for share in (0.5, 0.99)
        ],
    )


def _distribution(good_ms: list[float]) -> LineChart:
    return LineChart(
        "How long a home timeline takes at this rate",
        "The percentage of answers that arrived within a time. People remember the slowest ones.",
        "milliseconds, logarithmic scale",
        "% of the answers",
        [("home timeline", cumulative(good_ms))],
        x_is_log=True,
    )
