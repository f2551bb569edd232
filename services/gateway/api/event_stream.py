"""The body of an event stream: server-sent events until either side ends it."""

import asyncio
import secrets
from collections.abc import Callable

import orjson
from fastapi import Response
from starlette.types import Receive, Scope, Send

from services.gateway.actions.listener import Listener
from services.gateway.domain.stream import STANDS_MS, Told

# Shorter than any timeout on the way; nginx has 75 s.
PING_S = 20.0
# A reader that does not take a few bytes for this long is gone or useless.
SEND_S_MAX = 10.0
# How long a client waits before it reconnects; if this gateway stops, it reaches the other one. The
# time is random: clients of a dead gateway must not all come at once.
RETRY_MS_MIN, RETRY_MS_MAX = 50, 400
# After giving way to another stream of the viewer: not before that one may give way itself.
RETRY_MS_AFTER_GIVING_WAY = STANDS_MS


class EventStream(Response):
    """Sends a listener's events; a ping also names the newest event, so resuming is cheap."""

    media_type = "text/event-stream"

    def __init__(
        self,
        listener: Listener,
        leave: Callable[[Listener], None],
        draining: asyncio.Event,
        drain_s: float,
    ) -> None:
        super().__init__(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._listener = listener
        self._leave = leave
        self._draining = draining
        self._drain_s = drain_s

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        """Send until the session ends, the reader leaves or is too slow, or the process stops."""
        ending = asyncio.create_task(self._end_with(receive))
        try:
            start = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
            await send(start)
            await _send_in_time(send, _retry(RETRY_MS_MIN, RETRY_MS_MAX) + self._ping())
            while not self._listener.is_over:
                told = await self._listener.next(PING_S)
                frames = b"".join(map(_frame, told)) or self._ping()
                await _send_in_time(send, frames)
            if self._listener.gave_way:
                least = RETRY_MS_AFTER_GIVING_WAY
                await _send_in_time(send, _retry(least, 2 * least) + b"\n")
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        except TimeoutError:
            # The unfinished reply closes the connection; the client reconnects with its last id.
            return
        finally:
            ending.cancel()
            self._leave(self._listener)

    def _ping(self) -> bytes:
        return f"id: {self._listener.last_id}\nevent: ping\ndata: {{}}\n\n".encode()

    async def _end_with(self, receive: Receive) -> None:
        gone = asyncio.create_task(_until_gone(receive))
        draining = asyncio.create_task(self._draining.wait())
        try:
            await asyncio.wait({gone, draining}, return_when=asyncio.FIRST_COMPLETED)
            # Until the port is closed, nginx would send reconnecting clients to this process again.
            await asyncio.wait({gone}, timeout=self._drain_s)
        finally:
            gone.cancel()
            draining.cancel()
        self._listener.end()


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _send_in_time(send: Send, body: bytes) -> None:
    async with asyncio.timeout(SEND_S_MAX):
        await send({"type": "http.response.body", "body": body, "more_body": True})


def _retry(least_ms: int, most_ms: int) -> bytes:
    retry_ms = least_ms + secrets.randbelow(most_ms - least_ms)
    return f"retry: {retry_ms}\n".encode()


def _frame(told: Told) -> bytes:
    data = orjson.dumps({"missed": told.missed, "about": told.about})
    return b"id: %b\nevent: %b\ndata: %b\n\n" % (told.id.encode(), told.kind.encode(), data)
