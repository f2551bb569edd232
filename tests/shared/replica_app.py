"""A service with routes for tests; run it with `python -m` and REPLICA_… variables."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from pydantic import BaseModel, Field
from pydantic_settings import SettingsConfigDict

from shared import errors
from shared.deadlines import remaining_ms
from shared.errors import AppError, Conflict, FieldError, Invalid, NotFound
from shared.faults import fault
from shared.http_server.idempotency_key import IdempotencyKey
from shared.http_server.json_reply import JsonReply
from shared.http_server.problems import problem_replies
from shared.http_server.request_context import Deadlines
from shared.http_server.server import serve
from shared.http_server.service_app import AppInfo, create_app
from shared.http_server.viewer import OptionalViewerId, ViewerId
from shared.settings import ProcessSettings, read_settings

router = APIRouter()


LARGE_CHARS = 2_000_000


class ReplicaSettings(ProcessSettings):
    model_config = SettingsConfigDict(env_prefix="REPLICA_", frozen=True)


class UsernameTaken(Conflict):
    code = "username_taken"
    title = "This username is taken."


class Person(BaseModel):
    username: str = Field(min_length=1, max_length=30)


@router.get("/who")
async def who(request: Request, viewer_id: OptionalViewerId) -> JsonReply:
    return JsonReply(
        {
            "instance": request.app.state.resources["instance"],
            "viewer_id": viewer_id,
            "request_id": request.headers.get("x-request-id"),
            "remaining_ms": remaining_ms(),
        }
    )


@router.get("/private/{item_id}", responses=problem_replies(401, 404))
async def private(item_id: int, viewer_id: ViewerId) -> JsonReply:
    return JsonReply({"item_id": item_id, "viewer_id": viewer_id})


@router.get("/fail/{kind}")
async def fail(kind: str) -> JsonReply:
    raise error_named(kind)


@router.get("/large")
async def large() -> JsonReply:
    """Answer with more than a socket takes at once."""
    return JsonReply({"text": "x" * LARGE_CHARS})


@router.get("/slow")
async def slow(ms: int) -> JsonReply:
    await asyncio.get_running_loop().create_task(_pause(ms))
    return JsonReply({"slept_ms": ms})


@router.get("/counts")
async def counts(request: Request) -> JsonReply:
    return JsonReply(request.app.state.resources["counts"])


@router.post("/people", status_code=201)
async def people(request: Request, person: Person, key: IdempotencyKey = None) -> JsonReply:
    seen = request.app.state.resources["counts"]
    seen[person.username] = seen.get(person.username, 0) + 1
    return JsonReply({"username": person.username, "key": key}, 201)


@router.post("/slow-people", status_code=201)
async def slow_people(request: Request, person: Person, key: IdempotencyKey = None) -> JsonReply:
    seen = request.app.state.resources["counts"]
    seen["begun"] = seen.get("begun", 0) + 1
    await _pause(1_000)
    return await people(request, person, key)


@router.post("/bytes", max_body_size=64 * 1024 * 1024)
async def receive_bytes(request: Request) -> JsonReply:
    digest, length = hashlib.sha256(), 0
    async for chunk in request.stream():
        digest.update(chunk)
        length += len(chunk)
    headers = {name: request.headers.get(name) for name in ("content-type", "content-length")}
    return JsonReply({"sha256": digest.hexdigest(), "length": length, "headers": headers})


@router.delete("/nothing", status_code=204)
async def nothing() -> JsonReply:
    return JsonReply(None, 204)


@router.get("/open/page")
async def open_page(viewer_id: OptionalViewerId) -> JsonReply:
    return JsonReply({"viewer_id": viewer_id})


def error_named(kind: str) -> Exception:
    if kind == "unexpected":
        return RuntimeError("a secret detail")
    if kind == "UsernameTaken":
        return UsernameTaken("alice is taken.")
    if kind == "InvalidFields":
        return Invalid(
            errors=[
                FieldError("username", fault("too_short", min=1)),
                FieldError("email", fault("not_an_email")),
            ]
        )
    found: type[AppError] = getattr(errors, kind, NotFound)
    return found(f"{kind} happened.", retry_after_s=7)


async def _pause(ms: int) -> None:
    done = asyncio.Event()
    asyncio.get_running_loop().call_later(ms / 1000, done.set)
    await done.wait()


def replica_app(settings: ReplicaSettings, info: AppInfo | None = None) -> FastAPI:
    @asynccontextmanager
    async def open_resources() -> AsyncIterator[dict[str, Any]]:
        yield {"instance": settings.instance, "counts": {}}

    info = info or AppInfo(
        name="users",
        title="Users",
        description="A service for tests.",
        audience="users",
        open_prefixes=("/open/",),
        deadlines=Deadlines(by_route={"POST /bytes": 30_000}),
    )
    return create_app(info, settings, open_resources, [router])


if __name__ == "__main__":
    the_settings = read_settings(ReplicaSettings)
    serve(replica_app(the_settings), the_settings)
