"""Calls to upload as the gateway and feed make them: with an internal token for a viewer."""

from typing import Any

import httpx
from fastapi import FastAPI

from shared.network.internal_tokens import TokenSigner


class UploadApi:
    """One method per HTTP method; a `viewer_id` of None calls without a viewer."""

    def __init__(self, app: FastAPI, client: httpx.AsyncClient, signer: TokenSigner) -> None:
        self.app = app
        self.client = client
        self._signer = signer

    async def get(self, path: str, viewer_id: int | None = None) -> httpx.Response:
        return await self._send("GET", path, viewer_id)

    async def post(self, path: str, body: Any, viewer_id: int | None = None) -> httpx.Response:
        return await self._send("POST", path, viewer_id, json=body)

    async def patch(self, path: str, body: Any, viewer_id: int | None) -> httpx.Response:
        return await self._send("PATCH", path, viewer_id, json=body)

    async def delete(self, path: str, viewer_id: int | None) -> httpx.Response:
        return await self._send("DELETE", path, viewer_id)

    async def send_picture(
        self, viewer_id: int | None, content: bytes, *, kind: str = "image/jpeg", key: str = ""
    ) -> httpx.Response:
        """Send raw bytes."""
        headers = {"Content-Type": kind, **({"Idempotency-Key": key} if key else {})}
        return await self._send("POST", "/photos", viewer_id, content=content, headers=headers)

    async def send_form(self, viewer_id: int, **parts: Any) -> httpx.Response:
        """Send a form of parts, in httpx's form."""
        return await self._send("POST", "/photos", viewer_id, files=parts)

    async def send_piece(
        self, viewer_id: int, upload_id: int, offset: int, content: bytes
    ) -> httpx.Response:
        """Bytes of an upload at their offset."""
        headers = {"Content-Type": "application/octet-stream"}
        path = f"/uploads/{upload_id}/pieces?offset={offset}"
        return await self._send("POST", path, viewer_id, content=content, headers=headers)

    async def _send(
        self, method: str, path: str, viewer_id: int | None, **options: Any
    ) -> httpx.Response:
        token = self._signer.token(viewer_id)
        headers = {**options.pop("headers", {}), "Authorization": f"Bearer {token}"}
        return await self.client.request(method, path, headers=headers, **options)
