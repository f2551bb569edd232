"""A phone: one person's session with the public API, and a camera."""

import io
import os
import random
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from PIL import Image, ImageDraw

from tests.eventually import eventually

PASSWORD = "correct horse battery"
JPEG = {"Content-Type": "image/jpeg"}


class Phone:
    """Signed in as one person; `http` is for what the methods lack."""

    def __init__(self, http: httpx.AsyncClient, user: dict[str, Any]) -> None:
        self.http = http
        self.user = user
        self.id: str = user["id"]
        self.username: str = user["username"]

    async def get(self, path: str, status: int = 200, **params: Any) -> Any:
        return _json(await self.http.get(path, params=params or None), status)

    async def put(self, path: str, status: int = 200) -> Any:
        return _json(await self.http.put(path), status)

    async def delete(self, path: str, status: int = 200) -> Any:
        return _json(await self.http.delete(path), status)

    async def follow(self, other: "Phone") -> Any:
        return await self.put(f"/v1/users/{other.id}/follow")

    async def upload(self, picture: bytes, headers: Mapping[str, str] = JPEG) -> str:
        reply = await self.http.post("/v1/photos", content=picture, headers=dict(headers))
        return str(_json(reply, 202)["photo"]["id"])

    async def publish(self, *photo_ids: str, caption: str = "") -> dict[str, Any]:
        draft = {"photo_ids": list(photo_ids), "caption": caption}
        reply = await self.http.post("/v1/posts", json=draft)
        return dict(_json(reply, 201)["post"])

    async def post(self, caption: str = "") -> dict[str, Any]:
        """Upload and publish a new picture."""
        return await self.publish(await self.upload(picture()), caption=caption)

    async def comment(
        self, post_id: str, text: str, reply_to: str | None = None, status: int = 201
    ) -> dict[str, Any]:
        draft = {"text": text, "reply_to": reply_to}
        reply = await self.http.post(f"/v1/posts/{post_id}/comments", json=draft)
        return dict(_json(reply, status).get("comment", {}))

    async def comments(self, post_id: str) -> list[str]:
        """The texts under a post."""
        page = await self.get(f"/v1/posts/{post_id}/comments")
        return [comment["text"] for comment in page["items"]]

    async def home(self, **params: Any) -> list[dict[str, Any]]:
        return list((await self.get("/v1/timelines/home", **params))["items"])

    async def sees(self, post_id: str, within_s: float = 30) -> dict[str, Any]:
        """Wait for a post in the home timeline and return it."""

        async def check() -> dict[str, Any]:
            found = [item for item in await self.home() if item["id"] == post_id]
            assert found
            return found[0]

        return await eventually(check, within_s=within_s)


@asynccontextmanager
async def phone_of(public_url: str, name: str) -> AsyncIterator[Phone]:
    """A phone of a new account whose username begins with `name`."""
    async with httpx.AsyncClient(base_url=public_url, timeout=30) as http:
        reply = await http.post("/v1/users", json=account(name))
        signed_in = _json(reply, 201)
        http.headers["Authorization"] = f"Bearer {signed_in['session']['access_token']}"
        yield Phone(http, signed_in["user"])


async def sign_in(public_url: str, username: str) -> dict[str, Any]:
    """A new session."""
    async with from_a_new_address(public_url) as http:
        credentials = {"login": username, "password": PASSWORD}
        reply = await http.post("/v1/sessions", json=credentials)
        return dict(_json(reply, 201)["session"])


def from_a_new_address(public_url: str) -> httpx.AsyncClient:
    """A client without a session; tries to sign in are limited by address."""
    if _is_in_containers():
        return httpx.AsyncClient(base_url=public_url, timeout=30)
    rng = random.SystemRandom()
    address = f"127.{rng.randrange(128, 255)}.{rng.randrange(256)}.{rng.randrange(1, 255)}"
    transport = httpx.AsyncHTTPTransport(local_address=address)
    return httpx.AsyncClient(base_url=public_url, transport=transport, timeout=30)


def _is_in_containers() -> bool:
    """Whether all phones of this machine are one address, that of the containers' network."""
    return (Path(os.environ.get("RETRATO_TEST_SUITE", ".")) / "compose.yaml").exists()


def account(name: str) -> dict[str, str]:
    """A sign-up form that was never used before."""
    username = f"{name}_{uuid.uuid4().hex[:12]}"
    return {
        "username": username,
        "email": f"{username}@mail.example",
        "password": PASSWORD,
        "device": f"{name}'s phone",
    }


def picture(width: int = 600, height: int = 750, seed: int | None = None, **save: Any) -> bytes:
    """A JPEG unlike all others, or one that depends on `seed` alone."""
    rng = random.Random(seed)
    image = Image.linear_gradient("L").resize((width, height)).convert("RGB")
    draw = ImageDraw.Draw(image)
    for _ in range(40):
        x, y = rng.randrange(width), rng.randrange(height)
        colour = (rng.randrange(256), rng.randrange(256), rng.randrange(256))
        draw.ellipse((x, y, x + width // 8, y + width // 8), fill=colour)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=90, **save)
    return out.getvalue()


def _json(reply: httpx.Response, status: int) -> Any:
    assert reply.status_code == status, f"{reply.request.url}: {reply.status_code} {reply.text}"
    return reply.json() if reply.content else None
