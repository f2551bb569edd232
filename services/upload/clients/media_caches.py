"""Removes deleted renditions from the caches of the balancers."""

import asyncio
from collections.abc import Collection
from typing import Any

import httpx

from shared.errors import Unavailable
from shared.network.network import Network
from shared.network.tls import client_context

_REFRESH_SECONDS = 2.0
_AT_ONCE = 8


class MediaCaches:
    """All balancers behind one host name; without a URL there are none."""

    def __init__(self, network: Network, url: str | None, media_token: str) -> None:
        self._url = None if url is None else httpx.URL(url)
        self._resolver = network.resolver
        self._places = asyncio.Semaphore(_AT_ONCE)
        self._client = httpx.AsyncClient(
            headers={"Authorization": f"Media {media_token}"},
            timeout=_REFRESH_SECONDS,
            verify=client_context(network.ca_file),
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def forget(self, keys: Collection[str]) -> None:
        """Make every balancer fetch these keys again, which the store no longer has.

        Raises Unavailable if one does not answer, after all others were told.
        """
        if self._url is None or not keys:
            return
        pairs = [
            (address, key)
            for address in await self._resolver.addresses(self._url.host)
            for key in keys
        ]
        ends = await asyncio.gather(
            *(self._refresh(self._url, *pair) for pair in pairs), return_exceptions=True
        )
        for fault in ends:
            if fault is not None:
                raise fault

    async def _refresh(self, url: httpx.URL, address: str, key: str) -> None:
        # Connect to the address, but verify the name.
        named: dict[str, Any] = {"sni_hostname": url.host}
        where = url.copy_with(host=address, path=f"/refresh/{key}")
        try:
            async with self._places:
                await self._client.get(where, headers={"Host": url.host}, extensions=named)
        except httpx.HTTPError as error:
            raise Unavailable(f"The balancer at {address} does not answer.") from error
