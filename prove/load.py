"""A steady load: every client acts at its own pace, and none waits for another."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from prove.acts import ACTS, Client
from prove.attempts import GIVE_UP_S

_ENDS_WITHIN_S = GIVE_UP_S + 15.0


@asynccontextmanager
async def steady_load(clients: Sequence[Client], per_second: float) -> AsyncIterator[None]:
    """Run the load during the block; afterwards all operations under way have ended."""
    every_s = len(clients) / per_second
    tasks = [asyncio.create_task(_act_steadily(client, every_s)) for client in clients]
    try:
        yield
        # A client that ended by itself has met a reply that it does not understand.
        for task in tasks:
            if task.done():
                task.result()
    finally:
        for client in clients:
            client.stop.set()
        await asyncio.wait(tasks, timeout=_ENDS_WITHIN_S)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _act_steadily(client: Client, every_s: float) -> None:
    rng = client.session.rng
    acts, weights = [act for act, _ in ACTS], [weight for _, weight in ACTS]
    due_s = time.monotonic() + rng.uniform(0.0, every_s)
    while not client.stop.is_set():
        try:
            async with asyncio.timeout(max(0.0, due_s - time.monotonic())):
                await client.stop.wait()
            return
        except TimeoutError:
            pass
        await rng.choices(acts, weights)[0](client)
        # What an outage delayed is not made up for: a person would not.
        due_s = max(due_s + every_s * rng.uniform(0.5, 1.5), time.monotonic())
