"""Calls to users as the gateway makes them: with an internal token for a viewer."""

from typing import Any

import httpx
from fastapi import FastAPI

from shared.network.internal_tokens import TokenSigner


class UsersApi:
    """One method per HTTP method; a `viewer_id` of None calls without a viewer."""

    def __init__(self, app: FastAPI, client: httpx.AsyncClient, signer: TokenSigner) -> None:
        self.app = app
        self.client = client
        self._signer = signer

    async def get(self, path: str, viewer_id: int | None = None) -> httpx.Response:
        return await self._send("GET", path, viewer_id)

    async def post(
        self, path: str, body: Any, viewer_id: int | None = None, key: str | None = None
    ) -> httpx.Response:
        headers = {} if key is None else {"Idempotency-Key": key}
        return await self._send("POST", path, viewer_id, json=body, headers=headers)

    async def post_bytes(self, path: str, body: bytes) -> httpx.Response:
        headers = {"Content-Type": "application/json"}
        return await self._send("POST", path, None, content=body, headers=headers)

    async def put(
        self, path: str, viewer_id: int | None = None, body: Any = None
    ) -> httpx.Response:
        options = {} if body is None else {"json": body}
        return await self._send("PUT", path, viewer_id, **options)

    async def patch(self, path: str, body: Any, viewer_id: int | None) -> httpx.Response:
        return await self._send("PATCH", path, viewer_id, json=body)

    async def delete(self, path: str, viewer_id: int | None = None) -> httpx.Response:
        return await self._send("DELETE", path, viewer_id)

    async def _send(
        self, method: str, path: str, viewer_id: int | None, **options: Any
    ) -> httpx.Response:
        token = self._signer.token(viewer_id)
        headers = {**options.pop("headers", {}), "Authorization": f"Bearer {token}"}
        return await self.client.request(method, path, headers=headers, **options)
