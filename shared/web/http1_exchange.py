"""Carries httpx requests to the replicas of one upstream over connections kept for each address."""

import asyncio
import ssl
import time
from collections import deque
from collections.abc import AsyncIterable, Collection
from pathlib import Path
from typing import cast

import httpx

from shared.network.tls import client_context
from shared.web.http1_connection import ConnectionBroken, Http1Connection, Reply
from shared.web.lean_messages import LeanRequest, LeanResponse, RawHeaders
from shared.web.request_context import SENT_HEADER, TIMEOUT_HEADER

# Requests at once to one replica; it lets in as many before it queues.
CONNECTIONS_PER_REPLICA_MAX = 128
# Shorter than the server's 75 s: the client closes first, and never writes into a closing one.
KEEP_ALIVE_S = 30.0
_TIMEOUT_NAME, _SENT_NAME = TIMEOUT_HEADER.encode(), SENT_HEADER.encode()
# On one network a connection takes a millisecond; one that hangs is a replica that is gone.
CONNECT_TIMEOUT_S = 0.5


class _Pool:
    """The connections to one address: a slot for each request under way, the idle ones kept."""

    def __init__(self) -> None:
        self.is_retired = False
        self.slots = asyncio.Semaphore(CONNECTIONS_PER_REPLICA_MAX)
        self.idle: deque[Http1Connection] = deque()

    def take_idle(self) -> Http1Connection | None:
        """The one used last, so that those not needed grow old."""
        oldest_s = time.monotonic() - KEEP_ALIVE_S
        while self.idle and self.idle[0].idle_since_s < oldest_s:
            self.idle.popleft().close()
        while self.idle:
            connection = self.idle.pop()
            if connection.is_reusable:
                return connection
        return None

    def give_back(self, connection: Http1Connection) -> None:
        """Keep it for the next request, if it will do."""
        if connection.is_reusable and not self.is_retired:
            connection.idle_since_s = time.monotonic()
            self.idle.append(connection)
        else:
            connection.close()

    def retire(self) -> None:
        """Keep none from now on."""
        self.is_retired = True
        while self.idle:
            self.idle.pop().close()


class Http1Exchange:
    """Dials any address it is told; the certificate must name the host of `base_url`.

    Whatever interrupts an exchange, cancelling included, closes its connection and frees its slot:
    no later request can meet half a reply.
    """

    def __init__(self, base_url: httpx.URL, ca_file: Path | None) -> None:
        is_tls = base_url.scheme == "https"
        self._host = base_url.host
        self._port = base_url.port or (443 if is_tls else 80)
        self._tls: ssl.SSLContext | None = client_context(ca_file) if is_tls else None
        self._pools: dict[str, _Pool] = {}

    async def send(self, request: httpx.Request, address: str, timeout_s: float) -> httpx.Response:
        """The whole reply within `timeout_s`.

        Raises httpx.ConnectError or ConnectTimeout if nothing was sent, ReadError or ReadTimeout if
        it is unknown what became of the request.
        """
        pool = self._pools.get(address) or self._pools.setdefault(address, _Pool())
        connection: Http1Connection | None = None
        try:
            async with asyncio.timeout(timeout_s), pool.slots:
                connection = pool.take_idle() or await self._connect(address, request)
                reply = await _ask(connection, request, timeout_s)
                pool.give_back(connection)
                connection = None
        except TimeoutError as error:
            raise httpx.ReadTimeout("No answer in time.", request=request) from error
        except ConnectionBroken as error:
            raise httpx.ReadError(str(error), request=request) from error
        finally:
            if connection is not None:
                connection.close()
        return LeanResponse(reply.status, reply.headers, reply.content)

    async def close(self) -> None:
        """Close all idle connections; those in use close when their request ends."""
        self.keep_only(())

    def keep_only(self, addresses: Collection[str]) -> None:
        """Part from replicas that are no more; requests under way there may still end."""
        for address in self._pools.keys() - set(addresses):
            self._pools.pop(address).retire()

    async def _connect(self, address: str, request: httpx.Request) -> Http1Connection:
        loop = asyncio.get_running_loop()
        name = self._host if self._tls else None
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                _, connection = await loop.create_connection(
                    Http1Connection, address, self._port, ssl=self._tls, server_hostname=name
                )
        except TimeoutError as error:
            raise httpx.ConnectTimeout("No connection in time.", request=request) from error
        except OSError as error:
            raise httpx.ConnectError(str(error), request=request) from error
        return connection


async def _ask(connection: Http1Connection, request: httpx.Request, timeout_s: float) -> Reply:
    if isinstance(request, LeanRequest):
        head = _head(request.method, request.raw_target, request.raw_headers, timeout_s)
        return await connection.ask(head, request.content)
    head = _head(request.method, request.url.raw_path, request.headers.raw, timeout_s)
    if isinstance(request.stream, httpx.ByteStream):
        return await connection.ask(head, request.content)
    chunks = cast(AsyncIterable[bytes], request.stream)
    is_chunked = "Transfer-Encoding" in request.headers
    return await connection.ask_streaming(head, chunks, is_chunked=is_chunked)


def _head(method: str, target: bytes, headers: RawHeaders, timeout_s: float) -> bytes:
    lines = b"".join([b"%b: %b\r\n" % header for header in headers])
    if lines.count(b"\n") != len(headers):
        raise ValueError("A header holds a line break.")
    return b"%b %b HTTP/1.1\r\n%b%b: %d\r\n%b: %d\r\n\r\n" % (
        method.encode(),
        target,
        lines,
        _TIMEOUT_NAME,
        max(int(timeout_s * 1000), 1),
        _SENT_NAME,
        time.time() * 1000,
    )
