"""One HTTP/1.1 connection to a replica: one request at a time, the whole reply at once.

Hand-written because every request passes here two to four times: over httptools' parser it takes
half the CPU of the leanest library, a quarter of aiohttp's (bench.internal_call). It knows what our
services speak and no more: replies framed by length or in chunks, no upgrade, no pipelining.
"""

import asyncio
from collections.abc import AsyncIterable, Callable
from dataclasses import dataclass, field
from typing import cast

import httptools

# The largest reply between services is a page of 10,000 ids, some 200 KB.
REPLY_BYTES_MAX = 16 * 1024 * 1024


class ConnectionBroken(Exception):
    """It ended, or talked nonsense, before the reply was whole."""


@dataclass(slots=True)
class Reply:
    """What came back."""

    status: int = 0
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    parts: list[bytes] = field(default_factory=list)
    size: int = 0

    @property
    def content(self) -> bytes:
        """The body."""
        return self.parts[0] if len(self.parts) == 1 else b"".join(self.parts)


class Http1Connection(asyncio.Protocol):
    """Made by `loop.create_connection`; good for the next request while `is_reusable` holds."""

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
        """Whether all of a request was sent and its reply may still come."""
        return self._is_sent and self._waiter is not None and self.is_reusable

    def tell_end(self, on_end: Callable[[], object]) -> None:
        """Call this once the reply that is still to come is there, or can come no more."""
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
        """The same with a body that comes in pieces, no faster than the other side takes them.

        A reply that comes before the body is through (a refusal) ends the sending.
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
        """End an idle connection, or drop one whose reply nobody waits for."""
        self.is_reusable = False
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Feed the parser, which calls the methods below."""
        if self._waiter is None:  # Nobody asked: whatever this is, it must not become a reply.
            self.close()
            return
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._fail(error)

    def connection_lost(self, exc: Exception | None) -> None:
        """The end, from either side."""
        self._fail(exc)
        self.resume_writing()

    def pause_writing(self) -> None:
        """The other side does not take what we send."""
        self._may_write = asyncio.Event()

    def resume_writing(self) -> None:
        """It takes it again."""
        if self._may_write is not None:
            self._may_write.set()
            self._may_write = None

    def on_message_begin(self) -> None:
        """From the parser; a reply on the heels of the one asked for must not end up in it."""
        if self._waiter is None:
            self.is_reusable = False
            self._reply = Reply()

    def on_header(self, name: bytes, value: bytes) -> None:
        """From the parser."""
        self._reply.headers.append((name, value))

    def on_body(self, body: bytes) -> None:
        """From the parser."""
        self._reply.parts.append(body)
        self._reply.size += len(body)
        if self._reply.size > REPLY_BYTES_MAX:
            self._fail(None)

    def on_message_complete(self) -> None:
        """From the parser."""
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
            # Not before the parser is through: what follows the reply says that it is of no use.
            self._loop.call_soon(on_end)
