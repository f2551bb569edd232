"""Lets aiohttp, and therefore aiobotocore, resolve names through our resolver."""

import random
import socket

from aiohttp.abc import AbstractResolver, ResolveResult

from shared.errors import Unavailable
from shared.network.resolver import Resolver


class AiohttpResolver(AbstractResolver):
    """A resolver for `TCPConnector(resolver=…)` and `AioConfig(connector_args={"resolver": …})`.

    Use it with `use_dns_cache: False`, because our resolver already caches answers for their TTL.
    """

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the addresses in random order; raises the OSError that aiohttp expects."""
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
        """Do nothing: the Network owns the resolver and closes it."""
