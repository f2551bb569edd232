"""What gateways ask for their connected viewers."""

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
    """Who is connected to the calling gateway."""

    viewer_ids: list[Id] = Field(max_length=LISTENERS_MAX)


class EndedPhoto(BaseModel):
    """A photo that upload has finished with."""

    owner_id: Id
    photo_id: Id
    state: Literal["ready", "failed"]


class Wait(BaseModel):
    """Where the caller is, and how long it waits if there is nothing after that yet."""

    after: str | None = Field(
        None, pattern=r"^[0-9]{1,15}-[0-9]{1,10}$", examples=["1777887000123-0"]
    )
    wait_ms: int = Field(0, ge=0, le=WAIT_MS_MAX, examples=[2_000])


@router.post(
    "/stream/listeners",
    summary="Say who listens",
    responses={
        **reply(200, Listening, "Who has listened all the time."),
        **problem_replies(400, 401, 422, 503),
    },
)
async def post_listeners(request: Request, listeners: Listeners) -> Response:
    """For two minutes from now; to be said again before they are over."""
    known = await resources_of(request).stream.listen(listeners.viewer_ids)
    return JsonReply({"known": known})


@router.post(
    "/stream/photos",
    status_code=204,
    response_class=Response,
    summary="Say what has become of a photo",
    responses={
        **no_content("Its owner is told, if connected."),
        **problem_replies(400, 401, 422, 503),
    },
)
async def post_photo(request: Request, ended: EndedPhoto) -> Response:
    """As upload does once for each look of a photo; feed itself keeps nothing of it."""
    about: About = {"what": ended.state, "photo_id": str(ended.photo_id)}
    await resources_of(request).stream.tell("photo", [ended.owner_id], [about])
    return Response(status_code=204)


@router.post(
    "/stream/events",
    summary="Events for those who listen",
    responses={
        **reply(200, StreamEvents, "The next ones, oldest first."),
        **problem_replies(400, 401, 422, 503),
    },
)
async def post_events(request: Request, wait: Wait) -> Response:
    """Of all viewers: who asks picks its own. Without `after`, only where to begin.

    A read, by POST because it waits: how long reads take tells callers how a service fares.
    """
    stream = resources_of(request).stream
    if wait.after is None:
        return JsonReply({"events": [], "last_id": await stream.last_id()})
    events = await stream.read(wait.after, wait.wait_ms)
    return JsonReply({"events": events, "last_id": events[-1]["id"] if events else wait.after})
