"""Lets aiohttp, and aiobotocore on top of it, find its hosts through our resolver."""

import random
import socket

from aiohttp.abc import AbstractResolver, ResolveResult

from shared.errors import Unavailable
from shared.network.resolver import Resolver


class AiohttpResolver(AbstractResolver):
    """For `TCPConnector(resolver=…)` and `AioConfig(connector_args={"resolver": …})`.

    Use it with `use_dns_cache: False`: the resolver has a cache of its own that heeds the TTL.
    """

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Fails with the OSError that aiohttp takes as "no such host"."""
        try:
            addresses = await self._resolver.addresses(host)
        except Unavailable as error:
            raise OSError(error.detail) from error
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=family if family != socket.AF_UNSPEC else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in random.sample(addresses, len(addresses))  # aiohttp dials the first.
        ]

    async def close(self) -> None:
        """The resolver belongs to the network, which closes it."""
