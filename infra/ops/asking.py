"""Asks other processes over TLS, and shows them the page's own certificate."""

import ssl
from pathlib import Path
from typing import Any

import httpx

_CONNECTIONS_MAX = 8


class Asking:
    """A client that follows its files: a renewed certificate or authority counts at once."""

    def __init__(self, ca_file: Path | None, cert_file: Path, key_file: Path) -> None:
        self._files = (ca_file, cert_file, key_file)
        self._written: list[float] = []
        self._client: httpx.AsyncClient | None = None

    async def ask(self, method: str, url: str, timeout_s: float, **words: Any) -> httpx.Response:
        """Send a request; raises httpx.HTTPError, also if the files do not fit each other now."""
        try:
            client = await self._present()
        except (OSError, ssl.SSLError) as error:
            raise httpx.ConnectError(f"the certificate cannot be read: {error}") from error
        return await client.request(method, url, timeout=timeout_s, **words)

    async def close(self) -> None:
        """Close all connections."""
        if self._client is not None:
            await self._client.aclose()

    async def _present(self) -> httpx.AsyncClient:
        written = [file.stat().st_mtime for file in self._files if file is not None]
        if self._client is None or written != self._written:
            former, self._client = self._client, self._new()
            self._written = written
            if former is not None:
                await former.aclose()
        return self._client

    def _new(self) -> httpx.AsyncClient:
        ca_file, cert_file, key_file = self._files
        trust = ssl.create_default_context(cafile=ca_file)
        trust.load_cert_chain(cert_file, key_file)
        limits = httpx.Limits(max_connections=_CONNECTIONS_MAX)
        return httpx.AsyncClient(verify=trust, limits=limits, trust_env=False)
