"""Event streams: what gateways and upload ask and report."""

from typing import Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from services.feed.api.path_ids import Id
from services.feed.resources import resources_of
from shared.contracts.stream import About, Listening, StreamEvents
from shared.http_server.json_reply import JsonReply
from shared.http_server.problems import problem_replies
from shared.http_server.reply_docs import no_content, reply

router = APIRouter(tags=["Stream"])

LISTENERS_MAX = 1_000
WAIT_MS_MAX = 2_000


class Listeners(BaseModel):
    """The viewers connected to the calling gateway."""

    viewer_ids: list[Id] = Field(max_length=LISTENERS_MAX)


class EndedPhoto(BaseModel):
    """A photo that upload has finished processing."""

    owner_id: Id
    photo_id: Id
    state: Literal["ready", "failed"]


class Wait(BaseModel):
    """The last event read, and how long to wait if no newer one exists."""

    after: str | None = Field(
        None, pattern=r"^[0-9]{1,15}-[0-9]{1,10}$", examples=["1777887000123-0"]
    )
    wait_ms: int = Field(0, ge=0, le=WAIT_MS_MAX, examples=[2_000])


@router.post(
    "/stream/listeners",
    summary="Register listeners",
    responses={
        **reply(200, Listening, "The viewers who were registered already."),
        **problem_replies(400, 401, 422, 503),
    },
)
async def post_listeners(request: Request, listeners: Listeners) -> Response:
    """Registers the viewers for two minutes; repeat before these are over."""
    known = await resources_of(request).stream.listen(listeners.viewer_ids)
    return JsonReply({"known": known})


@router.post(
    "/stream/photos",
    status_code=204,
    response_class=Response,
    summary="Report a processed photo",
    responses={
        **no_content("Its owner is told if connected."),
        **problem_replies(400, 401, 422, 503),
    },
)
async def post_photo(request: Request, ended: EndedPhoto) -> Response:
    """Upload sends one for each finished edit or upload; feed stores none of it."""
    about: About = {"what": ended.state, "photo_id": str(ended.photo_id)}
    await resources_of(request).stream.tell("photo", [ended.owner_id], [about])
    return Response(status_code=204)


@router.post(
    "/stream/events",
    summary="Read events of all listeners",
    responses={
        **reply(200, StreamEvents, "The next ones, oldest first."),
        **problem_replies(400, 401, 422, 503),
    },
)
async def post_events(request: Request, wait: Wait) -> Response:
    """Events of all viewers; a gateway picks its own. Without `after`, only the latest id.

    It changes nothing, and waits for at most `wait_ms`.
    """
    stream = resources_of(request).stream
    if wait.after is None:
        return JsonReply({"events": [], "last_id": await stream.last_id()})
    events = await stream.read(wait.after, wait.wait_ms)
    return JsonReply({"events": events, "last_id": events[-1]["id"] if events else wait.after})
