"""The server's protocol, with the head and the body of a reply in one write.

uvicorn writes each part as it comes: over TLS that is a record and a system call for the head, and
another for the body, which cost more than all of the head's making.
"""

import asyncio
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

# More than that is not held back: flow control is to notice who does not read.
HELD_BYTES_MAX = 65_536


class JoinedWrites:
    """Around a transport: what is written in one turn of the loop goes out as one piece."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._held: list[bytes] = []
        self._held_bytes = 0

    def write(self, data: bytes) -> None:
        """Soon, in order."""
        self._held.append(data)
        self._held_bytes += len(data)
        if self._held_bytes > HELD_BYTES_MAX:
            self._flush()
        elif len(self._held) == 1:
            self._loop.call_soon(self._flush)

    def close(self) -> None:
        """End, once all that was written is sent."""
        self._flush()
        self._transport.close()

    def __getattr__(self, name: str) -> Any:
        """Everything else is the transport's own."""
        return getattr(self._transport, name)

    def _flush(self) -> None:
        held, self._held, self._held_bytes = self._held, [], 0
        if held and not self._transport.is_closing():
            self._transport.write(b"".join(held))


class JoiningProtocol(HttpToolsProtocol):
    """uvicorn's own over such a transport."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client has come."""
        joined = JoinedWrites(cast(asyncio.Transport, transport), self.loop)
        super().connection_made(cast(asyncio.Transport, joined))
