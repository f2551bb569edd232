"""Clients hang up during writes: no answered write is lost, and none is half done."""

import asyncio
import random
import secrets
from dataclasses import dataclass

import httpx

from bench.drills.drill import Drill, comment_request
from bench.drills.finding import Finding, say
from bench.drills.slots import idle_slots, leaks
from bench.open_loop import Exchanges
from tests.eventually import eventually
from tests.journeys.phone import Phone

WRITES = 600
# The range covers hang-ups from before the request arrives to after its answer.
HUNG_UP_S_MAX = 0.08
SETTLED_WITHIN_S = 20.0
PAGE = 50


@dataclass(frozen=True, slots=True)
class Written:
    """A comment that was sent; `status` is None if its writer hung up."""

    text: str
    status: int | None


async def hang_ups(drill: Drill) -> list[Finding]:
    """Write comments, each with a row, a count, an event and an idempotency record."""
    say(f"hang-ups: {WRITES} writes")
    await drill.requests()  # Fresh sessions.
    idle = await idle_slots(drill)
    reader = drill.world.people[0]
    post_id = (await reader.post("hang up"))["id"]
    written = await _write_and_hang_up(drill, post_id)
    faults = await _faults(reader, post_id, written)
    kept = await leaks(drill, idle)
    hung_up = sum(one.status is None for one in written)
    done = f"{len(written)} comments written, {hung_up} of the writers hung up meanwhile"
    return [
        Finding(
            "a commit is never cut short",
            done,
            "all answered ones there, once, counted",
            "; ".join(faults) or "all is there",
            not faults,
        ),
        Finding(
            "hang-ups leak nothing", done, "no slot taken", "; ".join(kept) or "none", not kept
        ),
    ]


async def _write_and_hang_up(drill: Drill, post_id: str) -> list[Written]:
    rng = random.Random(17)
    tasks = []
    for number in range(WRITES):
        text = f"hang-up {secrets.token_hex(8)}"
        writer = number % len(drill.world.people)
        request = comment_request(drill.world, writer, post_id, text)
        request.headers["Idempotency-Key"] = secrets.token_hex(16)
        patience_s = rng.uniform(0, HUNG_UP_S_MAX) if rng.random() < 2 / 3 else None
        tasks.append(asyncio.create_task(_write(drill.exchanges, request, text, patience_s)))
        await asyncio.sleep(1 / drill.rate)
    return list(await asyncio.gather(*tasks))


async def _write(
    exchanges: Exchanges, request: httpx.Request, text: str, patience_s: float | None
) -> Written:
    exchange, address = random.choice(exchanges)
    try:
        async with asyncio.timeout(patience_s):
            reply = await exchange.send(request, address, 15.0)
    except (TimeoutError, httpx.TransportError):
        return Written(text, None)
    return Written(text, reply.status_code)


async def _faults(reader: Phone, post_id: str, written: list[Written]) -> list[str]:
    """Return what is missing, duplicated or miscounted once all writes have ended."""
    faults: list[str] = []

    async def check() -> None:
        texts = await _all_comments(reader, post_id)
        counted = (await reader.get(f"/v1/posts/{post_id}"))["counts"]["comments"]
        answered = {one.text for one in written if one.status == httpx.codes.CREATED}
        faults.clear()
        faults.extend(f"lost: {text}" for text in answered - set(texts))
        if len(set(texts)) < len(texts):
            faults.append(f"{len(texts) - len(set(texts))} written twice")
        if counted != len(texts):
            faults.append(f"{len(texts)} are there, {counted} are counted")
        assert not faults

    try:
        await eventually(check, within_s=SETTLED_WITHIN_S, every_s=0.5)
    except AssertionError:
        return faults
    return []


async def _all_comments(reader: Phone, post_id: str) -> list[str]:
    texts: list[str] = []
    cursor = None
    while True:
        after = "" if cursor is None else f"&cursor={cursor}"
        page = await reader.get(f"/v1/posts/{post_id}/comments?limit={PAGE}{after}")
        texts += [comment["text"] for comment in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            return texts
