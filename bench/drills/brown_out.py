"""A database freezes for seconds while clients give up; afterwards all pools recover."""

import asyncio
import random
from collections.abc import Sequence

import httpx

from bench.drills.dead_replicas import say_errors
from bench.drills.drill import Drill
from bench.drills.finding import Finding, say
from bench.drills.slots import idle_slots, leaks
from bench.open_loop import Answers, Exchanges

BROWN_OUT_S = 5.0
CANCELLED = 1_000
PATIENCE_S_MAX = 2.0
NORMAL_S = 8.0
HEALED_S = 5.0
AFTERWARDS_S = 15.0
# The allowed ratio of p99 after to p99 before; short runs have peaks of their own.
SLOWER_MAX = 2.0
GOOD_MIN = 0.99


async def brown_outs(drill: Drill) -> list[Finding]:
    """Freeze a primary of users, then one of feed, each together with its replica."""
    findings = []
    for service in ("users", "feed"):
        primary = drill.databases(service)[0]
        findings += await _brown_out(drill, primary, f"{primary}-replica")
    return findings


async def _brown_out(drill: Drill, *nodes: str) -> list[Finding]:
    say(f"brown-out: {nodes[0]}")
    requests = await drill.requests()
    idle = await idle_slots(drill)
    async with drill.load(requests) as answers:
        await asyncio.sleep(NORMAL_S)
        broken_s = answers.now_s
        async with drill.frozen(*nodes):
            await _ask_and_cancel(drill.exchanges, requests)
        mended_s = answers.now_s
        await asyncio.sleep(AFTERWARDS_S)
    kept = await leaks(drill, idle)
    await drill.is_well()
    healed = answers.between(mended_s + HEALED_S, mended_s + AFTERWARDS_S)
    say_errors(healed, mended_s)
    done = f"{nodes[0]} and its replica frozen for {BROWN_OUT_S:.0f} s, {CANCELLED} calls cancelled"
    return [
        Finding("pools heal", done, "no slot leaked", "; ".join(kept) or "none", not kept),
        _throughput(done, answers.between(0, broken_s), healed),
    ]


def _throughput(done: str, before: Answers, healed: Answers) -> Finding:
    good = healed.count(good=True) / max(len(healed.all), 1)
    was_ms, is_ms = before.ms(0.99, good=True), healed.ms(0.99, good=True)
    return Finding(
        "pools heal",
        done,
        f"full throughput in {HEALED_S:.0f} s",
        f"{good:.1%} answered well from then on, p99 {is_ms:.0f} ms (before {was_ms:.0f})",
        good >= GOOD_MIN and is_ms <= max(was_ms * SLOWER_MAX, 100.0),
    )


async def _ask_and_cancel(exchanges: Exchanges, requests: Sequence[httpx.Request]) -> None:
    """Send CANCELLED requests spread over BROWN_OUT_S; each is given up after a random time."""
    rng = random.Random(23)
    tasks = []
    for _ in range(CANCELLED):
        patience_s = rng.uniform(0.01, PATIENCE_S_MAX)
        tasks.append(asyncio.create_task(_give_up(exchanges, rng.choice(requests), patience_s)))
        await asyncio.sleep(BROWN_OUT_S / CANCELLED)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _give_up(exchanges: Exchanges, request: httpx.Request, patience_s: float) -> None:
    exchange, address = random.choice(exchanges)
    try:
        async with asyncio.timeout(patience_s):
            await exchange.send(request, address, PATIENCE_S_MAX)
    except (TimeoutError, httpx.TransportError):
        return
