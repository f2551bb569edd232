"""One HTTP/1.1 connection to a replica: one request at a time, and replies as a whole.

It is hand-written because every request passes here two to four times. On httptools' parser it
needs much less CPU than the libraries that bench.internal_call compares. It supports what our
services use: replies framed by length or in chunks, no upgrade, no pipelining.
"""

import asyncio
from collections.abc import AsyncIterable, Callable
from dataclasses import dataclass, field
from typing import cast

import httptools

# The largest reply between services is a page of 10,000 ids, some 200 KB.
REPLY_BYTES_MAX = 16 * 1024 * 1024


class ConnectionBroken(Exception):
    """The connection ended, or sent invalid HTTP, before the reply was complete."""


@dataclass(slots=True)
class Reply:
    """A reply; `size` counts the body's bytes so far."""

    status: int = 0
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    parts: list[bytes] = field(default_factory=list)
    size: int = 0

    @property
    def content(self) -> bytes:
        """The whole body."""
        return self.parts[0] if len(self.parts) == 1 else b"".join(self.parts)


class Http1Connection(asyncio.Protocol):
    """The protocol for `loop.create_connection`; takes another request while `is_reusable`."""

    def __init__(self) -> None:
        self.is_reusable = True
        self.idle_since_s = 0.0
        self._transport: asyncio.Transport
        self._loop = asyncio.get_running_loop()
        self._parser = httptools.HttpResponseParser(self)
        self._reply = Reply()
        self._waiter: asyncio.Future[Reply] | None = None
        self._may_write: asyncio.Event | None = None
        self._is_sent = False
        self._on_end: Callable[[], object] | None = None

    @property
    def awaits_reply(self) -> bool:
        """Whether a whole request was sent and its reply may still arrive."""
        return self._is_sent and self._waiter is not None and self.is_reusable

    def tell_end(self, on_end: Callable[[], object]) -> None:
        """Call `on_end` once when the outstanding reply has arrived or can no longer arrive."""
        self._on_end = on_end

    async def ask(self, head: bytes, body: bytes) -> Reply:
        """Send a request and return its reply; raises ConnectionBroken."""
        waiter = self._begin()
        self._transport.write(head + body)
        self._is_sent = True
        return await waiter

    async def ask_streaming(
        self, head: bytes, chunks: AsyncIterable[bytes], *, is_chunked: bool
    ) -> Reply:
        """Send a body in pieces, no faster than the other side reads, and return the reply.

        A reply that arrives before the end of the body, such as a refusal, stops the sending.
        Raises ConnectionBroken.
        """
        waiter = self._begin()
        self._transport.write(head)
        async for chunk in chunks:
            if waiter.done():
                self.is_reusable = False
                break
            if chunk:
                self._transport.write(
                    b"%x\r\n%b\r\n" % (len(chunk), chunk) if is_chunked else chunk
                )
            if self._may_write is not None:
                await self._may_write.wait()
        else:
            if is_chunked:
                self._transport.write(b"0\r\n\r\n")
            self._is_sent = True
        return await waiter

    def close(self) -> None:
        """Abort the connection, for one that is idle or whose reply nobody awaits."""
        self.is_reusable = False
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Feed the parser, which calls the methods below."""
        if self._waiter is None:  # Bytes without a request must not become a later reply.
            self.close()
            return
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._fail(error)

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail the request under way, whichever side closed the connection."""
        self._fail(exc)
        self.resume_writing()

    def pause_writing(self) -> None:
        """Pause a streaming request, because the other side does not read."""
        self._may_write = asyncio.Event()

    def resume_writing(self) -> None:
        """Continue a paused request."""
        if self._may_write is not None:
            self._may_write.set()
            self._may_write = None

    def on_message_begin(self) -> None:
        """Keep a second, unrequested reply out of the requested one; called by the parser."""
        if self._waiter is None:
            self.is_reusable = False
            self._reply = Reply()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Add a header; called by the parser."""
        self._reply.headers.append((name, value))

    def on_body(self, body: bytes) -> None:
        """Add a part of the body, up to REPLY_BYTES_MAX in all; called by the parser."""
        self._reply.parts.append(body)
        self._reply.size += len(body)
        if self._reply.size > REPLY_BYTES_MAX:
            self._fail(None)

    def on_message_complete(self) -> None:
        """Hand over the reply; called by the parser."""
        status = self._parser.get_status_code()
        if status < 200:  # An interim reply; the real one follows.
            self._reply = Reply()
            return
        self._reply.status = status
        self.is_reusable = self.is_reusable and self._parser.should_keep_alive()
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_result(self._reply)
        self._say_end()

    def _begin(self) -> asyncio.Future[Reply]:
        self._reply = Reply()
        self._is_sent = False
        self._waiter = self._loop.create_future()
        return self._waiter

    def _fail(self, cause: Exception | None) -> None:
        self.is_reusable = False
        self._transport.abort()
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            broken = ConnectionBroken("The connection broke before the reply was whole.")
            broken.__cause__ = cause
            waiter.set_exception(broken)
        self._say_end()

    def _say_end(self) -> None:
        on_end, self._on_end = self._on_end, None
        if on_end is not None:
            # Only after the parser has read everything: bytes after the reply make the
            # connection unusable.
            self._loop.call_soon(on_end)
