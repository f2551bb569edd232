"""A steady stream of requests from phones that wait for each reply."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx

ANSWER_SECONDS_MAX = 15.0

# Unanswered requests do not pile up: benchmarks measure how much a machine can bear.
PHONES = 3


@dataclass
class Tally:
    """The outcomes of the requests so far."""

    sent: int = 0
    answered: int = 0
    resent: int = 0
    failures: list[str] = field(default_factory=list)


@asynccontextmanager
async def steady_load(
    client: httpx.AsyncClient, requests: Sequence[httpx.Request], per_second: int
) -> AsyncIterator[Tally]:
    """Send the requests in turn while the block runs, then wait for the last replies."""
    tally = Tally()
    stop = asyncio.Event()
    sender = asyncio.create_task(_send_all(client, requests, per_second, tally, stop))
    try:
        yield tally
    finally:
        stop.set()
        await sender


async def _send_all(
    client: httpx.AsyncClient,
    requests: Sequence[httpx.Request],
    per_second: int,
    tally: Tally,
    stop: asyncio.Event,
) -> None:
    loop = asyncio.get_running_loop()
    due_s = loop.time()
    under_way: set[asyncio.Task[None]] = set()
    for request in itertools.cycle(requests):
        if len(under_way) == PHONES:
            await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
        due_s = max(due_s + 1 / per_second, loop.time())
        try:
            async with asyncio.timeout_at(due_s):
                await stop.wait()
        except TimeoutError:
            pass
        else:
            break
        task = asyncio.create_task(_send(client, request, tally))
        under_way.add(task)
        task.add_done_callback(under_way.discard)
    if under_way:
        await asyncio.wait(under_way, timeout=ANSWER_SECONDS_MAX)


async def _send(client: httpx.AsyncClient, request: httpx.Request, tally: Tally) -> None:
    tally.sent += 1
    try:
        response = await _ask(client, request, tally)
    except httpx.HTTPError as error:
        tally.failures.append(f"{request.method} {request.url.path}: {error!r}")
        return
    if response.status_code >= 400:
        tally.failures.append(
            f"{request.method} {request.url.path}: {response.status_code} {response.text[:200]}"
        )
    else:
        tally.answered += 1


async def _ask(client: httpx.AsyncClient, request: httpx.Request, tally: Tally) -> httpx.Response:
    """Send it as a phone does: again, if a kept connection closes before any reply.

    A server may close an idle connection at any time, even while a request is on its way (RFC 9112,
    9.3.1). All requests here are repeatable.
    """
    method, url, headers = request.method, request.url, request.headers
    try:
        return await client.send(client.build_request(method, url, headers=headers))
    except httpx.RemoteProtocolError:
        tally.resent += 1
        return await client.send(client.build_request(method, url, headers=headers))
