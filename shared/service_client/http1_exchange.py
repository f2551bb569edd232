"""Sends httpx requests to the replicas of one upstream, over a connection pool per address."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterable, Collection
from functools import partial
from pathlib import Path
from typing import cast

import httpx

from shared.network.call_headers import SENT_HEADER, TIMEOUT_HEADER
from shared.network.tls import client_context
from shared.service_client.http1_connection import ConnectionBroken, Http1Connection, Reply
from shared.service_client.http1_pool import PATIENCE_S, Http1Pool, NotConnected
from shared.service_client.late_call import LateCall
from shared.service_client.lean_messages import LeanRequest, LeanResponse, RawHeaders

_TIMEOUT_NAME, _SENT_NAME = TIMEOUT_HEADER.encode(), SENT_HEADER.encode()
# Within one network a connection takes a millisecond. The limit is long because an abandoned
# attempt still costs a busy server its part of the handshake.
CONNECT_TIMEOUT_S = 1.0


class Http1Exchange:
    """Connects to any address it is given; the certificate must name the host of `base_url`.

    After an interrupted or cancelled exchange, nobody gets its connection before the reply is
    complete. So no later request can read half a reply.
    """

    def __init__(
        self, base_url: httpx.URL, ca_file: Path | None, *, patience_s: float = PATIENCE_S
    ) -> None:
        is_tls = base_url.scheme == "https"
        self._host = base_url.host
        self._port = base_url.port or (443 if is_tls else 80)
        self._tls: ssl.SSLContext | None = client_context(ca_file) if is_tls else None
        self._patience_s = patience_s
        self._pools: dict[str, Http1Pool] = {}

    async def send(self, request: httpx.Request, address: str, timeout_s: float) -> httpx.Response:
        """Return the whole reply within `timeout_s`.

        Raises httpx.ConnectError or ConnectTimeout if nothing was sent. Raises ReadError or
        ReadTimeout if the request may have been processed.
        """
        pool = self._pools.get(address) or self._new_pool(address)
        connection: Http1Connection | None = None
        give_up_s = time.monotonic() + timeout_s
        late: LateCall | None = None
        try:
            async with asyncio.timeout(None) as limit:
                late = LateCall(timeout_s, partial(limit.reschedule, 0.0))
                connection = await pool.take()
                reply = await _ask(connection, request, give_up_s - time.monotonic())
                pool.give_back(connection)
                connection = None
        except TimeoutError as error:
            if connection is None:
                raise httpx.ConnectTimeout("No connection in time.", request=request) from error
            raise httpx.ReadTimeout("No answer in time.", request=request) from error
        except NotConnected as error:
            is_late = isinstance(error.__cause__, TimeoutError)
            kind = httpx.ConnectTimeout if is_late else httpx.ConnectError
            raise kind(str(error), request=request) from error
        except ConnectionBroken as error:
            raise httpx.ReadError(str(error), request=request) from error
        finally:
            if late is not None:
                late.cancel()
            if connection is not None:
                pool.leave(connection)
        return LeanResponse(reply.status, reply.headers, reply.content)

    async def close(self) -> None:
        """Close idle connections at once, and used ones when their request ends."""
        self.keep_only(())

    def keep_only(self, addresses: Collection[str]) -> None:
        """Retire the pools of all other addresses; requests under way there may still finish."""
        for address in self._pools.keys() - set(addresses):
            self._pools.pop(address).retire()

    def _new_pool(self, address: str) -> Http1Pool:
        pool = Http1Pool(partial(self._dial, address), patience_s=self._patience_s)
        self._pools[address] = pool
        return pool

    async def _dial(self, address: str) -> Http1Connection:
        loop = asyncio.get_running_loop()
        name = self._host if self._tls else None
        async with asyncio.timeout(CONNECT_TIMEOUT_S):
            _, connection = await loop.create_connection(
                Http1Connection, address, self._port, ssl=self._tls, server_hostname=name
            )
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
