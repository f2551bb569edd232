"""The floor of a gateway: the home timeline alone, over plain sockets.

Run `python -m bench.raw_gateway PORT` with the environment of the gateway. It makes the calls of
our gateway with the same tokens over kept TLS connections: a page from feed and the authors' cards
from users. It caches cards and session checks for as long as ours. The same functions compose the
same body.

It uses asyncio.Protocol on both sides, httptools, uvloop and our garbage collector settings. It has
no framework and no ASGI, and nothing is counted, logged, timed, retried, chosen among replicas or
protected from overload. Our gateway also asks Redis for rate limits, and sends an ETag and a dozen
headers.
"""

import asyncio
import gc
import ssl
import sys
import time
from typing import Any, cast
from urllib.parse import urlsplit

import httptools
import orjson
import uvloop

from services.gateway.clients.known_cards import FRESH_S
from services.gateway.domain.media_urls import MediaUrls
from services.gateway.domain.visibility import author_ids
from services.gateway.settings import GatewaySettings
from services.gateway.views.posts import timeline_posts
from shared.network.internal_tokens import TokenSigner
from shared.network.resolver import Resolver
from shared.network.tls import client_context
from shared.settings import read_settings

_SESSION_S = 4.5


class _UpstreamConnection(asyncio.Protocol):
    """A connection for one request at a time, with one parser for its whole life."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport
        self._parser = httptools.HttpResponseParser(self)
        self._parts: list[bytes] = []
        self._waiter: asyncio.Future[bytes]

    def ask(self, wire: bytes) -> asyncio.Future[bytes]:
        """Send a request and return the future of the reply's body."""
        self._waiter = asyncio.get_running_loop().create_future()
        self._parts = []
        self._transport.write(wire)
        return self._waiter

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_body(self, body: bytes) -> None:
        self._parts.append(body)

    def on_message_complete(self) -> None:
        if self._parser.get_status_code() == 200:
            self._waiter.set_result(b"".join(self._parts))
        else:
            self._waiter.set_exception(ConnectionError("unexpected status"))


class _Upstream:
    """Kept connections to the first replica of a service."""

    def __init__(self, name: str, base_url: str, settings: GatewaySettings) -> None:
        self._host = urlsplit(base_url).hostname or ""
        self._port = urlsplit(base_url).port or 443
        key = settings.internal_keys[name].get_secret_value()
        self._signer = TokenSigner(key=key, audience=name, caller="gateway-1")
        self._tls = client_context(settings.tls_ca_file)
        self._resolver = Resolver(settings.dns_servers)
        self._idle: list[_UpstreamConnection] = []

    async def get(self, target: str, viewer_id: int) -> Any:
        """Return the decoded reply to a GET."""
        return await self._ask(self._head("GET", target, viewer_id) + "\r\n")

    async def post(self, target: str, asked: Any, viewer_id: int | None) -> Any:
        """Return the decoded reply to a POST."""
        body = orjson.dumps(asked).decode()
        head = self._head("POST", target, viewer_id)
        return await self._ask(
            f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}"
        )

    def _head(self, method: str, target: str, viewer_id: int | None) -> str:
        token = self._signer.token(viewer_id)
        return (
            f"{method} {target} HTTP/1.1\r\nHost: {self._host}\r\nAuthorization: Bearer {token}\r\n"
        )

    async def _ask(self, wire: str) -> Any:
        connection = self._idle.pop() if self._idle else await self._connect()
        content = await connection.ask(wire.encode())
        self._idle.append(connection)
        return orjson.loads(content)

    async def _connect(self) -> _UpstreamConnection:
        address = (await self._resolver.addresses(self._host))[0]
        _, connection = await asyncio.get_running_loop().create_connection(
            _UpstreamConnection, address, self._port, ssl=self._tls, server_hostname=self._host
        )
        return connection


class _Composer:
    """Composes the body of a home timeline for a token and a query."""

    def __init__(self, settings: GatewaySettings) -> None:
        self._users = _Upstream("users", settings.users_url, settings)
        self._feed = _Upstream("feed", settings.feed_url, settings)
        key = settings.media_signing_key.get_secret_value()
        self._media = MediaUrls(settings.media_base_url, key, settings.media_url_seconds)
        self._sessions: dict[str, tuple[int, float]] = {}
        self._cards: dict[tuple[int, ...], tuple[Any, float]] = {}

    async def home_timeline(self, token: str, query: str) -> bytes:
        """Return the body of the reply."""
        viewer_id = await self._viewer(token)
        home = await self._feed.get(f"/timelines/home?{query}", viewer_id)
        cards = await self._cards_of(author_ids(home["items"]), viewer_id)
        return orjson.dumps(
            {
                "items": timeline_posts(home["items"], cards, self._media.speller_at(time.time())),
                "next_cursor": home["next_cursor"],
                "completeness": home["completeness"],
            }
        )

    async def _cards_of(self, author_ids: list[int], viewer_id: int) -> Any:
        key = (viewer_id, *author_ids)
        known = self._cards.get(key)
        if known is not None and known[1] > time.monotonic():
            return known[0]
        cards = (await self._users.post("/cards", {"ids": author_ids}, viewer_id))["cards"]
        self._cards[key] = (cards, time.monotonic() + FRESH_S)
        return cards

    async def _viewer(self, token: str) -> int:
        known = self._sessions.get(token)
        if known is not None and known[1] > time.monotonic():
            return known[0]
        reply = await self._users.post("/sessions/check", {"access_tokens": [token]}, None)
        check = reply["answers"][0]["session"]
        self._sessions[token] = (check["user_id"], time.monotonic() + _SESSION_S)
        return int(check["user_id"])


class _ClientConnection(asyncio.Protocol):
    """Answers the requests of a connection one after the other."""

    def __init__(self, composer: _Composer) -> None:
        self._composer = composer
        self._transport: asyncio.Transport
        self._parser = httptools.HttpRequestParser(self)
        self._query, self._token = "", ""
        self._answering: asyncio.Task[None]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_url(self, url: bytes) -> None:
        self._query = url.partition(b"?")[2].decode()

    def on_header(self, name: bytes, value: bytes) -> None:
        if name.lower() == b"authorization":
            self._token = value.partition(b" ")[2].decode()

    def on_message_complete(self) -> None:
        self._answering = asyncio.get_running_loop().create_task(self._answer())
        self._answering.add_done_callback(self._close_if_failed)

    async def _answer(self) -> None:
        body = await self._composer.home_timeline(self._token, self._query)
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
        self._transport.write(head % len(body) + body)

    def _close_if_failed(self, answering: asyncio.Task[None]) -> None:
        if answering.cancelled() or answering.exception() is not None:
            self._transport.abort()


async def main() -> None:
    """Serve until killed."""
    settings = read_settings(GatewaySettings)
    composer = _Composer(settings)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(settings.tls_cert_file, settings.tls_key_file)
    # The settings of shared.http_server.server: a floor must not have longer pauses than ours.
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)
    server = await asyncio.get_running_loop().create_server(
        lambda: _ClientConnection(composer), "127.0.0.1", int(sys.argv[1]), ssl=tls
    )
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main())
