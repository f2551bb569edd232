"""A uvicorn protocol that sends the head and the body of a reply in one write.

uvicorn writes each part as it comes. Over TLS the head and the body then each cost a record and a
system call. That is more than building the head costs.
"""

import asyncio
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from shared.errors import BadRequest
from shared.http_server.problems import ProblemReply

# Larger amounts are written at once, so that flow control notices a client that does not read.
HELD_BYTES_MAX = 65_536


class JoinedWrites:
    """Wraps a transport; all data written in one turn of the event loop leaves in one write."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._held: list[bytes] = []
        self._held_bytes = 0

    def write(self, data: bytes) -> None:
        """Queue the data until the end of this turn of the loop."""
        self._held.append(data)
        self._held_bytes += len(data)
        if self._held_bytes > HELD_BYTES_MAX:
            self._flush()
        elif len(self._held) == 1:
            self._loop.call_soon(self._flush)

    def close(self) -> None:
        """Write what is queued, then close the transport."""
        self._flush()
        self._transport.close()

    def __getattr__(self, name: str) -> Any:
        """Pass everything else to the wrapped transport."""
        return getattr(self._transport, name)

    def _flush(self) -> None:
        held, self._held, self._held_bytes = self._held, [], 0
        if held and not self._transport.is_closing():
            self._transport.write(b"".join(held))


class JoiningProtocol(HttpToolsProtocol):
    """uvicorn's httptools protocol over JoinedWrites."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wrap the transport before uvicorn sees it."""
        joined = JoinedWrites(cast(asyncio.Transport, transport), self.loop)
        super().connection_made(cast(asyncio.Transport, joined))

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP with a problem, where uvicorn has plain text that caches keep."""
        reply = ProblemReply(BadRequest(msg), {"Connection": "close"})
        head = b"".join(name + b": " + value + b"\r\n" for name, value in reply.raw_headers)
        self.transport.write(b"HTTP/1.1 400 Bad Request\r\n" + head + b"\r\n" + bytes(reply.body))
        self.transport.close()
