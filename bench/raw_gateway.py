"""The floor of a gateway: a bare ASGI application over bare sockets, for the home timeline only.

`python -m bench.raw_gateway PORT`, with the environment of the gateway. It makes the same calls
with the same tokens, remembers sessions as long, and composes the same bytes with the same
functions; it has no framework, limits, metrics, logs, deadlines, second replica or retries.
"""

import asyncio
import ssl
import sys
import time
from typing import Any
from urllib.parse import urlsplit

import orjson
import uvicorn

from services.gateway.domain.media_urls import MediaUrls
from services.gateway.domain.posts import author_ids, timeline_posts
from services.gateway.settings import GatewaySettings
from shared.network.resolver import Resolver
from shared.network.tls import client_context
from shared.settings import read_settings
from shared.web.internal_tokens import TokenSigner

_SESSION_S = 4.5


class Upstream:
    """Kept connections to the first replica of a service; one request at a time on each."""

    def __init__(self, name: str, base_url: str, settings: GatewaySettings) -> None:
        self._host = urlsplit(base_url).hostname or ""
        self._port = urlsplit(base_url).port or 443
        key = settings.internal_keys[name].get_secret_value()
        self._signer = TokenSigner(key=key, audience=name, caller="gateway-1")
        self._tls: ssl.SSLContext = client_context(settings.tls_ca_file)
        self._resolver = Resolver(settings.dns_servers)
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def ask(self, method: str, path: str, body: bytes, viewer_id: int | None) -> Any:
        """The decoded reply."""
        reader, writer = self._idle.pop() if self._idle else await self._connect()
        writer.write(
            (
                f"{method} {path} HTTP/1.1\r\nHost: {self._host}\r\n"
                f"Authorization: Bearer {self._signer.token(viewer_id)}\r\n"
                f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            ).encode()
            + body
        )
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0])
        content = await reader.readexactly(length)
        self._idle.append((reader, writer))
        return orjson.loads(content)

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        address = (await self._resolver.addresses(self._host))[0]
        return await asyncio.open_connection(
            address, self._port, ssl=self._tls, server_hostname=self._host
        )


class RawGateway:
    """The application."""

    def __init__(self, settings: GatewaySettings) -> None:
        self._users = Upstream("users", settings.users_url, settings)
        self._feed = Upstream("feed", settings.feed_url, settings)
        key = settings.media_signing_key.get_secret_value()
        self._media = MediaUrls(settings.media_base_url, key, settings.media_url_seconds)
        self._sessions: dict[bytes, tuple[int, float]] = {}

    async def __call__(self, scope: Any, _receive: Any, send: Any) -> None:
        """Answer every request with a home timeline."""
        token = dict(scope["headers"])[b"authorization"].partition(b" ")[2]
        viewer_id = await self._viewer(token)
        path = f"/timelines/home?{scope['query_string'].decode()}"
        home = await self._feed.ask("GET", path, b"", viewer_id)
        asked = orjson.dumps({"ids": author_ids(home["items"])})
        authors = (await self._users.ask("POST", "/cards", asked, viewer_id))["cards"]
        reply = orjson.dumps(
            {
                "items": timeline_posts(home["items"], authors, self._media.at(time.time())),
                "next_cursor": home["next_cursor"],
                "completeness": home["completeness"],
            }
        )
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(reply))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": reply})

    async def _viewer(self, token: bytes) -> int:
        known = self._sessions.get(token)
        if known is not None and known[1] > time.monotonic():
            return known[0]
        asked = orjson.dumps({"access_token": token.decode()})
        check = await self._users.ask("POST", "/sessions/check", asked, None)
        self._sessions[token] = (check["user_id"], time.monotonic() + _SESSION_S)
        return int(check["user_id"])


def main() -> None:
    """Serve as our gateway is served: uvicorn, uvloop, httptools, TLS."""
    settings = read_settings(GatewaySettings)
    uvicorn.run(
        RawGateway(settings),
        host="127.0.0.1",
        port=int(sys.argv[1]),
        loop="uvloop",
        http="httptools",
        lifespan="off",
        ssl_certfile=settings.tls_cert_file,
        ssl_keyfile=settings.tls_key_file,
        access_log=False,
        log_level="error",
    )


if __name__ == "__main__":
    main()
