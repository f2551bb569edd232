"""aiohttp finds hosts through our resolver."""

import socket

import aiohttp
import pytest

from shared.network.aiohttp_resolver import AiohttpResolver
from shared.network.resolver import Resolver

NAME = "store.internal"


async def test_a_host_is_found_through_our_resolver() -> None:
    resolver = Resolver(())
    resolver.preset(NAME, ["127.22.8.1", "127.22.8.2"])
    found = await AiohttpResolver(resolver).resolve(NAME, 9000, socket.AF_UNSPEC)
    assert sorted((host["host"], host["port"]) for host in found) == [
        ("127.22.8.1", 9000),
        ("127.22.8.2", 9000),
    ]
    assert {host["hostname"] for host in found} == {NAME}


async def test_an_unknown_host_is_a_connector_error() -> None:
    connector = aiohttp.TCPConnector(
        resolver=AiohttpResolver(Resolver(("127.22.8.53:1",))), use_dns_cache=False
    )
    async with aiohttp.ClientSession(connector=connector) as session:
        with pytest.raises(aiohttp.ClientConnectorError):
            await session.get(f"http://{NAME}:9000/")
