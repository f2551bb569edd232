"""The ways to make one internal call that bench.internal_call compares."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import cast

import aiohttp
import httptools
import httpx
import httpx_aiohttp
import orjson
from pydantic import SecretStr
from pyreqwest.client import ClientBuilder
from pyreqwest.compatibility.httpx import HttpxTransport

from bench.aiohttp_exchange import AiohttpExchange
from shared.network.network import Network
from shared.network.resolver import Resolver
from shared.network.tls import client_context
from shared.service_client.client import ServiceClient
from shared.service_client.replica_transport import Exchange, ReplicaTransport
from shared.settings import ProcessSettings

Call = Callable[[], Awaitable[object]]
HEADERS = {
    "Authorization": "Bearer " + "x" * 180,
    "X-Request-ID": "0123456789abcdef0123456789abcdef",
    "X-Timeout-Ms": "2000",
}
PATH = "/cards"


@dataclass(frozen=True)
class Bench:
    """The replicas' name and addresses, and the authority that signed their certificate."""

    name: str
    addresses: list[str]
    port: int
    ca_file: Path

    @property
    def url(self) -> str:
        """The address by name."""
        return f"https://{self.name}:{self.port}{PATH}"

    @property
    def base_url(self) -> httpx.URL:
        """The address by name, without a path."""
        return httpx.URL(f"https://{self.name}:{self.port}")

    @property
    def url_of_first(self) -> str:
        """The first replica's address, for engines that accept a separate name to verify."""
        return f"https://{self.addresses[0]}:{self.port}{PATH}"

    @property
    def tls(self) -> ssl.SSLContext:
        """A context that trusts the bench's authority."""
        return client_context(self.ca_file)


async def raw_httptools(bench: Bench, stack: AsyncExitStack) -> Call:
    """The floor: no replica choice, no timeout, no error handling, and a list as the pool."""
    pool: list[_RawConnection] = []
    head = f"GET {PATH} HTTP/1.1\r\nHost: {bench.name}\r\n"
    wire = (head + "".join(f"{k}: {v}\r\n" for k, v in HEADERS.items()) + "\r\n").encode()

    async def call() -> object:
        if pool:
            connection = pool.pop()
        else:
            _, connection = await asyncio.get_running_loop().create_connection(
                _RawConnection,
                bench.addresses[0],
                bench.port,
                ssl=bench.tls,
                server_hostname=bench.name,
            )
            stack.callback(connection.transport.close)
        body = await connection.ask(wire)
        pool.append(connection)
        return orjson.loads(body)

    return call


async def httpx_default(bench: Bench, stack: AsyncExitStack) -> Call:
    """httpx with its defaults, over httpcore."""
    client = await stack.enter_async_context(httpx.AsyncClient(verify=bench.tls))
    return _httpx_call(client, bench)


async def httpx_aiohttp_client(bench: Bench, stack: AsyncExitStack) -> Call:
    """httpx's client over httpx-aiohttp."""
    transport = _aiohttp_transport(bench)
    client = await stack.enter_async_context(httpx.AsyncClient(transport=transport))
    return _httpx_call(client, bench)


async def httpx_aiohttp_transport(bench: Bench, stack: AsyncExitStack) -> Call:
    """httpx-aiohttp's transport without httpx's client."""
    transport = await stack.enter_async_context(_aiohttp_transport(bench))

    async def call() -> object:
        request = httpx.Request(
            "GET",
            bench.url_of_first,
            headers=HEADERS,
            extensions={"sni_hostname": bench.name, "timeout": {"read": 2.0}},
        )
        response = await transport.handle_async_request(request)
        return orjson.loads(await response.aread())

    return call


async def pyreqwest_alone(bench: Bench, stack: AsyncExitStack) -> Call:
    """pyreqwest by itself, with one address."""
    client = await stack.enter_async_context(_pyreqwest(bench).build())

    async def call() -> object:
        response = await client.get(bench.url).headers(HEADERS).build().send()
        return orjson.loads(memoryview(await response.bytes()))

    return call


async def httpx_pyreqwest(bench: Bench, stack: AsyncExitStack) -> Call:
    """httpx's client over pyreqwest's transport."""
    transport = HttpxTransport(_pyreqwest(bench).build())
    client = await stack.enter_async_context(httpx.AsyncClient(transport=transport))
    return _httpx_call(client, bench, bench.url)


async def aiohttp_alone(bench: Bench, stack: AsyncExitStack) -> Call:
    """aiohttp by itself, without replica choice or error handling."""
    session = await stack.enter_async_context(aiohttp.ClientSession())

    async def call() -> object:
        async with session.get(
            bench.url_of_first, headers=HEADERS, ssl=bench.tls, server_hostname=bench.name
        ) as reply:
            return orjson.loads(await reply.read())

    return call


async def service_client(bench: Bench, stack: AsyncExitStack) -> Call:
    """Our whole client: names, replicas, deadline, token, retry budget, errors and metrics."""
    return await _service_call(bench, stack, None)


async def service_client_over_aiohttp(bench: Bench, stack: AsyncExitStack) -> Call:
    """Our client with aiohttp instead of its own HTTP engine."""
    return await _service_call(bench, stack, AiohttpExchange(bench.base_url, bench.ca_file))


ENGINES = {
    engine.__name__: engine
    for engine in (
        raw_httptools,
        pyreqwest_alone,
        aiohttp_alone,
        service_client,
        service_client_over_aiohttp,
        httpx_aiohttp_transport,
        httpx_pyreqwest,
        httpx_aiohttp_client,
        httpx_default,
    )
}


async def _service_call(bench: Bench, stack: AsyncExitStack, exchange: Exchange | None) -> Call:
    resolver = Resolver(())
    resolver.preset(bench.name, bench.addresses)
    settings = ProcessSettings(
        instance="bench-1",
        listen_host=bench.addresses[0],
        listen_port=1,
        tls_cert_file=bench.ca_file,
        tls_key_file=bench.ca_file,
        internal_keys={"users": SecretStr("b" * 64)},
    )
    network = Network(resolver, bench.ca_file)
    transport = None
    if exchange is not None:
        transport = ReplicaTransport("users", bench.name, resolver, exchange)
    client = ServiceClient("users", str(bench.base_url), network, settings, transport=transport)
    await stack.enter_async_context(client)

    async def call() -> object:
        return await client.get(PATH, viewer_id=123456789)

    return call


def _httpx_call(client: httpx.AsyncClient, bench: Bench, url: str | None = None) -> Call:
    async def call() -> object:
        extensions = {"sni_hostname": bench.name}
        response = await client.get(
            url or bench.url_of_first, headers=HEADERS, extensions=extensions
        )
        return orjson.loads(response.content)

    return call


def _aiohttp_transport(bench: Bench) -> httpx_aiohttp.AiohttpTransport:
    connector = aiohttp.TCPConnector(ssl=bench.tls, limit=100)
    return httpx_aiohttp.AiohttpTransport(client=lambda: aiohttp.ClientSession(connector=connector))


def _pyreqwest(bench: Bench) -> ClientBuilder:
    return (
        ClientBuilder()
        .resolve(bench.name, bench.addresses[0], bench.port)
        .add_root_certificate_pem(bench.ca_file.read_bytes())
        .timeout(timedelta(seconds=2))
    )


class _RawConnection(asyncio.Protocol):
    transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_body(self, body: bytes) -> None:
        self._parts.append(body)

    def on_message_complete(self) -> None:
        if not self._done.done():
            self._done.set_result(b"".join(self._parts))

    def ask(self, wire: bytes) -> Awaitable[bytes]:
        self._done: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._parts: list[bytes] = []
        self._parser = httptools.HttpResponseParser(self)
        self.transport.write(wire)
        return self._done
