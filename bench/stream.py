"""Measures how soon connected viewers hear of a post, also when a gateway is killed meanwhile.

The running suite must allow many sign-ups from one address (`make up LIMITS=loose`).
"""

import asyncio
import io
import os
import secrets
import time
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
from PIL import Image

from tests.suite import Suite

VIEWERS = 500
AT_ONCE = 16
WITHIN_S = 20.0
# Reads per second by a client without a stream, while all viewers reconnect.
READS_A_SECOND = 50


@dataclass
class Viewer:
    """A person with a stream, who reconnects through the next balancer when it breaks."""

    token: str
    urls: tuple[str, ...]
    last_id: str = ""
    retry_s: float = 0.1
    connections: int = 0
    heard_at_s: list[float] = field(default_factory=list)
    connected: asyncio.Event = field(default_factory=asyncio.Event)

    async def listen(self, http: aiohttp.ClientSession) -> None:
        """Keep a stream open until cancelled."""
        while True:
            with suppress(aiohttp.ClientError, OSError):
                await self._listen_once(http)
            self.connected.clear()
            await asyncio.sleep(self.retry_s)

    async def _listen_once(self, http: aiohttp.ClientSession) -> None:
        headers = {"Authorization": f"Bearer {self.token}"}
        if self.last_id:
            headers["Last-Event-ID"] = self.last_id
        url = self.urls[self.connections % len(self.urls)]
        self.connections += 1
        async with http.get(f"{url}/v1/stream", headers=headers) as reply:
            reply.raise_for_status()
            async for line in reply.content:
                if line.startswith(b"id: "):
                    self.last_id = line[4:].strip().decode()
                    self.connected.set()
                elif line.startswith(b"retry: "):
                    self.retry_s = int(line[7:]) / 1000
                elif line == b"event: home\n":
                    self.heard_at_s.append(time.monotonic())


async def main() -> None:
    suite = Suite(Path(os.environ.get("RETRATO_RUN_DIR") or ".run"), None)
    urls = suite.public_urls
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=10)
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(timeout=timeout, connector=connector) as http:
        author = await _sign_up(http, urls[0])
        viewers = await _followers(http, urls, author["user"]["id"])
        streams = [asyncio.create_task(viewer.listen(http)) for viewer in viewers]
        await asyncio.gather(*(viewer.connected.wait() for viewer in viewers))
        headers = {"Authorization": f"Bearer {author['session']['access_token']}"}
        photo_ids = [await _upload(http, urls[0], headers) for _ in range(2)]
        print(f"{VIEWERS} viewers are connected over {len(urls)} balancers and 2 gateways")
        publish = partial(_publish, http, urls[0], headers, viewers)
        await publish(photo_ids[0], "all well")
        reads = asyncio.create_task(_read_meanwhile(http, urls, headers))
        suite.kill("gateway-1")
        await publish(photo_ids[1], "gateway-1 killed just before")
        reads.cancel()
        _tell_of_reads(await reads)
        again = sum(viewer.connections > 1 for viewer in viewers)
        print(f"{again} of them came back with Last-Event-ID")
        for stream in streams:
            stream.cancel()
        await asyncio.gather(*streams, return_exceptions=True)


async def _followers(
    http: aiohttp.ClientSession, urls: tuple[str, ...], author_id: str
) -> list[Viewer]:
    gate = asyncio.Semaphore(AT_ONCE)

    async def follower(number: int) -> Viewer:
        async with gate:
            token = (await _sign_up(http, urls[0]))["session"]["access_token"]
            headers = {"Authorization": f"Bearer {token}"}
            path = f"{urls[0]}/v1/users/{author_id}/follow"
            async with http.put(path, headers=headers) as reply:
                reply.raise_for_status()
            first = number % len(urls)
            return Viewer(token, urls[first:] + urls[:first])

    return list(await asyncio.gather(*(follower(number) for number in range(VIEWERS))))


async def _publish(
    http: aiohttp.ClientSession,
    url: str,
    headers: dict[str, str],
    viewers: list[Viewer],
    photo_id: str,
    what: str,
) -> None:
    before = {id(viewer): len(viewer.heard_at_s) for viewer in viewers}
    # A request that broke off with the gateway is retried with the same key.
    headers = {**headers, "Idempotency-Key": photo_id}
    begun_s = time.monotonic()
    draft = {"photo_ids": [photo_id], "caption": what}
    status = 0
    while status != 201:
        async with http.post(f"{url}/v1/posts", json=draft, headers=headers) as reply:
            status = reply.status
    replied_s = time.monotonic()
    while time.monotonic() < begun_s + WITHIN_S:
        if all(len(viewer.heard_at_s) > before[id(viewer)] for viewer in viewers):
            break
        await asyncio.sleep(0.05)
    heard = sorted(
        viewer.heard_at_s[before[id(viewer)]] - replied_s
        for viewer in viewers
        if len(viewer.heard_at_s) > before[id(viewer)]
    )
    twice = sum(len(viewer.heard_at_s) > before[id(viewer)] + 1 for viewer in viewers)
    print(
        f"{what}: {len(heard)} of {len(viewers)} heard of it, {twice} of them twice; from the "
        f"reply of publishing ({(replied_s - begun_s) * 1000:.0f} ms): median "
        f"{heard[len(heard) // 2] * 1000:.0f} ms, nine of ten "
        f"{heard[len(heard) * 9 // 10] * 1000:.0f} ms, last {heard[-1] * 1000:.0f} ms"
    )


async def _read_meanwhile(
    http: aiohttp.ClientSession, urls: tuple[str, ...], headers: dict[str, str]
) -> list[tuple[int, float]]:
    """Start reads until cancelled; returns the status (0 for none) and seconds of each."""
    reads: list[asyncio.Task[tuple[int, float]]] = []

    async def read(url: str) -> tuple[int, float]:
        begun_s = time.monotonic()
        status = 0
        with suppress(aiohttp.ClientError, OSError):
            async with http.get(f"{url}/v1/timelines/home", headers=headers) as reply:
                await reply.read()
                status = reply.status
        return status, time.monotonic() - begun_s

    with suppress(asyncio.CancelledError):
        while True:
            reads.append(asyncio.create_task(read(urls[len(reads) % len(urls)])))
            await asyncio.sleep(1 / READS_A_SECOND)
    return await asyncio.gather(*reads)


def _tell_of_reads(reads: list[tuple[int, float]]) -> None:
    took = sorted(seconds for _status, seconds in reads)
    good = sum(status == 200 for status, _seconds in reads)
    print(
        f"meanwhile {good} of {len(reads)} reads of others were answered: median "
        f"{took[len(took) // 2] * 1000:.0f} ms, last {took[-1] * 1000:.0f} ms"
    )


async def _sign_up(http: aiohttp.ClientSession, url: str) -> dict[str, Any]:
    name = f"s_{secrets.token_hex(8)}"
    account = {
        "username": name,
        "email": f"{name}@mail.example",
        "password": "correct horse",
        "device": "bench",
    }
    async with http.post(f"{url}/v1/users", json=account) as reply:
        reply.raise_for_status()
        return dict(await reply.json())


async def _upload(http: aiohttp.ClientSession, url: str, headers: dict[str, str]) -> str:
    picture = io.BytesIO()
    Image.frombytes("RGB", (64, 64), secrets.token_bytes(64 * 64 * 3)).save(picture, "JPEG")
    headers = {**headers, "Content-Type": "image/jpeg"}
    async with http.post(f"{url}/v1/photos", data=picture.getvalue(), headers=headers) as reply:
        reply.raise_for_status()
        return str((await reply.json())["photo"]["id"])


if __name__ == "__main__":
    asyncio.run(main())
