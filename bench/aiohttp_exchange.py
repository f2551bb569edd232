"""An Exchange over aiohttp, to compare it with the service client's own."""

from collections.abc import Collection
from pathlib import Path

import aiohttp
import httpx
from yarl import URL

from shared.network.call_headers import TIMEOUT_HEADER
from shared.network.tls import client_context
from shared.service_client.http1_exchange import CONNECT_TIMEOUT_S
from shared.service_client.http1_pool import CONNECTIONS_MAX, KEEP_ALIVE_S


class AiohttpExchange:
    """Connects to any address it is given; the certificate must name the host of `base_url`."""

    def __init__(self, base_url: httpx.URL, ca_file: Path) -> None:
        self._base_url = base_url
        self._tls = client_context(ca_file)
        connector = aiohttp.TCPConnector(
            limit=0, limit_per_host=CONNECTIONS_MAX, keepalive_timeout=KEEP_ALIVE_S
        )
        self._session = aiohttp.ClientSession(connector=connector)

    async def send(self, request: httpx.Request, address: str, timeout_s: float) -> httpx.Response:
        """Return the whole reply within `timeout_s`; raises the errors of Http1Exchange."""
        target = request.url.raw_path.decode()
        url = URL(f"https://{address}:{self._base_url.port}{target}", encoded=True)
        said = [(name.decode(), value.decode()) for name, value in request.headers.raw]
        try:
            async with self._session.request(
                request.method,
                url,
                headers=[*said, (TIMEOUT_HEADER, str(max(int(timeout_s * 1000), 1)))],
                data=request.content or None,
                ssl=self._tls,
                server_hostname=self._base_url.host,
                timeout=aiohttp.ClientTimeout(total=timeout_s, sock_connect=CONNECT_TIMEOUT_S),
                allow_redirects=False,
            ) as reply:
                content = await reply.read()
        except aiohttp.ClientConnectorError as error:
            raise httpx.ConnectError(str(error), request=request) from error
        except TimeoutError as error:
            raise httpx.ReadTimeout("No answer in time.", request=request) from error
        except aiohttp.ClientError as error:
            raise httpx.ReadError(str(error), request=request) from error
        return httpx.Response(reply.status, headers=reply.raw_headers, content=content)

    def keep_only(self, addresses: Collection[str]) -> None:
        """Do nothing: the connector closes idle connections by age."""

    async def close(self) -> None:
        """Close all connections."""
        await self._session.close()
