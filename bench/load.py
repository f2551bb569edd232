"""`make load`: simulates a day of phones in a few minutes, on a suite with LIMITS=loose.

It first finds the knee: the highest rate of the mix at which 99 of 100 requests succeed within
500 ms. Then it runs a day whose peak is a fraction of the knee, as an open loop: requests do not
wait for earlier replies. It prints a line per hour and writes a page.
"""

import argparse
import asyncio
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import uvloop

from bench.bench_world import World, bench_world, with_comment
from bench.charts import LineChart, Points
from bench.knee import highest_rate, is_sustained
from bench.load_mix import PUBLISHED_SHARE, Ask, asks, publish_one, rate_at
from bench.results import Report, Section
from tests.journeys.phone import picture
from tests.suite import Suite

STEP_S = 6.0
LOWEST_RATE = 20.0
SLOTS = 24
UNDER_WAY_MAX = 2_000


@dataclass
class Slot:
    """The results of a part of the run."""

    seconds: float
    rate: float
    times_ms: list[float] = field(default_factory=list)
    by_kind: Counter[str] = field(default_factory=Counter)
    refused: int = 0
    failed: int = 0

    def ms(self, share: float) -> float:
        """Return a percentile of the good answers' times; `share` is from 0 to 1."""
        ordered = sorted(self.times_ms)
        return ordered[min(int(len(ordered) * share), len(ordered) - 1)] if ordered else 0.0

    @property
    def is_well(self) -> bool:
        """Whether the suite sustains this rate."""
        good = len(self.times_ms)
        asked = good + self.refused + self.failed
        return is_sustained(p99_ms=self.ms(0.99), good=good, asked=asked)

    def row(self, name: str) -> list[str]:
        """Return the cells of the table's row."""
        good = len(self.times_ms) / self.seconds
        figures = [f"{self.rate:.0f}", f"{good:.0f}", f"{self.ms(0.5):.0f}", f"{self.ms(0.99):.0f}"]
        return [name, *figures, str(self.refused), str(self.failed)]


HEADING = ["", "asked/s", "good/s", "p50 ms", "p99 ms", "refused", "failed"]


async def main() -> None:
    """Find the knee, run the day, and write the page."""
    parser = argparse.ArgumentParser(prog="load")
    parser.add_argument("--minutes", type=float, default=3.0, help="how long the day takes")
    parser.add_argument("--peak", type=float, default=0.8, help="its peak, as a share of the knee")
    asked = parser.parse_args()
    suite = Suite(Path(os.environ.get("RETRATO_RUN_DIR") or ".run"), None)
    report = Report("Retrato: a day under load")
    async with bench_world(suite) as world:
        stream = asks(world)
        knee, tried = await _find_knee(world, stream)
        report.add(
            Section(
                "Where the knee is",
                "Open loops of the mix, a few seconds each, up to a p99 of half a second.",
                HEADING,
                [slot.row(f"{slot.rate:.0f} a second") for slot in tried],
                (),
                [f"the knee is at {knee:.0f} requests a second"],
            )
        )
        report.add(_day_section(await _day(world, stream, knee * asked.peak, asked.minutes)))
    print(f"\n{report.write(suite.run_dir / 'load')}")


async def _find_knee(world: World, stream: Iterator[Ask]) -> tuple[float, list[Slot]]:
    tried: list[Slot] = []

    async def is_well(rate: float) -> bool:
        slot = Slot(STEP_S, rate)
        await _run(world, stream, slot)
        tried.append(slot)
        _tell(f"{rate:.0f} a second", slot)
        return slot.is_well

    await _run(world, stream, Slot(STEP_S, LOWEST_RATE))
    return await highest_rate(LOWEST_RATE, is_well), tried


async def _day(world: World, stream: Iterator[Ask], peak: float, minutes: float) -> list[Slot]:
    slots = []
    for number in range(SLOTS):
        hour = number * 24 / SLOTS
        slot = Slot(minutes * 60 / SLOTS, max(1.0, peak * rate_at(hour)))
        await _run(world, stream, slot)
        slots.append(slot)
        _tell(f"{hour:02.0f}:00", slot)
    return slots


def _day_section(slots: list[Slot]) -> Section:
    kinds = sum((slot.by_kind for slot in slots), Counter())
    total = sum(kinds.values()) or 1
    mix = ", ".join(f"{kind} {count / total:.0%}" for kind, count in kinds.most_common())
    hours = [f"{number * 24 // SLOTS:02d}:00" for number in range(SLOTS)]
    return Section(
        "A day",
        "Three regions have their evenings one after the other, and some people are far more"
        " popular than others. Requests do not wait for the answers to earlier ones.",
        HEADING,
        [slot.row(hour) for hour, slot in zip(hours, slots, strict=True)],
        _day_charts(slots),
        [f"asked for: {mix}"],
    )


def _day_charts(slots: list[Slot]) -> list[LineChart]:
    hours = [number * 24 / SLOTS for number in range(SLOTS)]

    def line(figure: Callable[[Slot], float]) -> Points:
        return [(hour, figure(slot)) for hour, slot in zip(hours, slots, strict=True)]

    return [
        LineChart(
            "Requests over the day",
            "Where the second line is below the first, requests were refused or failed, or they"
            " published photos, which the second line leaves out.",
            "hour of the day, UTC",
            "requests a second",
            [
                ("asked for", line(lambda slot: slot.rate)),
                ("answered well", line(lambda slot: len(slot.times_ms) / slot.seconds)),
            ],
        ),
        LineChart(
            "How long people wait over the day",
            "Half of the answers arrive within p50, and 99 of 100 within p99. The time begins when"
            " the request was due, even if the sender was late.",
            "hour of the day, UTC",
            "milliseconds",
            [
                ("p50", line(lambda slot: slot.ms(0.5))),
                ("p99", line(lambda slot: slot.ms(0.99))),
            ],
        ),
    ]


async def _run(world: World, stream: Iterator[Ask], slot: Slot) -> None:
    rng = random.Random(5)
    image = picture()
    under_way: set[asyncio.Task[None]] = set()
    begun_s = time.perf_counter()
    for number in range(int(slot.rate * slot.seconds)):
        due_s = begun_s + number / slot.rate
        await asyncio.sleep(max(0.0, due_s - time.perf_counter()))
        if len(under_way) >= UNDER_WAY_MAX:
            slot.failed += 1
            continue
        if rng.random() * 100 < PUBLISHED_SHARE:
            task = asyncio.create_task(_publish(world, with_comment(image), rng, slot))
        else:
            task = asyncio.create_task(_ask(world, next(stream), due_s, slot))
        under_way.add(task)
        task.add_done_callback(under_way.discard)
    if under_way:
        await asyncio.wait(under_way)


async def _ask(world: World, ask: Ask, due_s: float, slot: Slot) -> None:
    try:
        status = (await world.send(ask.request)).status_code
    except httpx.TransportError:
        status = 0
    # The time counts from when the request was due, so that a late sender hides no waiting.
    _count(slot, ask.kind, status, time.perf_counter() - due_s)


async def _publish(world: World, image: bytes, rng: random.Random, slot: Slot) -> None:
    try:
        status = await publish_one(world, image, rng)
    except httpx.TransportError:
        status = 0
    # Publishing waits for the picture's processing, so its time would distort the percentiles.
    _count(slot, "publish", status, None)


def _count(slot: Slot, kind: str, status: int, took_s: float | None) -> None:
    slot.by_kind[kind] += 1
    if status in {429, 503}:
        slot.refused += 1
    elif not 200 <= status < 400:
        slot.failed += 1
    elif took_s is not None:
        slot.times_ms.append(took_s * 1000)


def _tell(when: str, slot: Slot) -> None:
    times = f"p50 {slot.ms(0.5):5.0f}  p99 {slot.ms(0.99):5.0f} ms"
    count = f"refused {slot.refused}  failed {slot.failed}"
    print(f"{when:<14} asked {slot.rate:4.0f}/s   {times}   {count}")
    sys.stdout.flush()


if __name__ == "__main__":
    uvloop.run(main())
