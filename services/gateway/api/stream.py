"""The event stream of a connected viewer."""

from typing import Annotated, Any

from fastapi import APIRouter, Header, Request, Response

from services.gateway.api.event_stream import EventStream
from services.gateway.api.problem_codes import TOO_MANY_STREAMS, UNAUTHENTICATED, problems
from services.gateway.api.session import ViewerId, access_token
from services.gateway.resources import resources_of
from shared.errors import Unauthenticated

router = APIRouter(tags=["Timelines"])

_EXAMPLE = """\
retry: 412
id: 1777887000122-0
event: ping
data: {}

id: 1777887000123-0
event: home
data: {"missed":false,"about":[{"post_id":"493848221934518272"}]}

"""
_EVENTS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": (
            "Events without end: `home` (a new post is in the home timeline), `activity`, `photo` "
            "(a photo of the viewer's is `ready` or `failed`), and `ping` every 20 s. `about` "
            "names what happened: `what` (the kind of activity, or the photo's state) and ids, at "
            "most 40 of them. `missed` means that more may have happened: refresh everything."
        ),
        "content": {"text/event-stream": {"schema": {"type": "string"}, "example": _EXAMPLE}},
    }
}

LastEventId = Annotated[
    str | None,
    Header(
        alias="Last-Event-ID",
        max_length=64,
        description="The id of the last event received; later ones are sent first.",
    ),
]


@router.get(
    "/v1/stream",
    summary="Events as they happen",
    response_class=Response,
    responses={**_EVENTS, **problems(UNAUTHENTICATED, TOO_MANY_STREAMS)},
)
async def get_stream(
    request: Request, viewer_id: ViewerId, last_event_id: LastEventId = None
) -> Response:
    """Server-sent events until the access token expires; reconnect with `Last-Event-ID`.

    A viewer may have eight streams. A ninth ends the oldest, whose last `retry` says when to
    reconnect. If the oldest is younger than half a minute, the ninth is refused with
    `too_many_streams`.
    """
    token = access_token(request.headers)
    if token is None:
        raise Unauthenticated
    listeners = resources_of(request).listeners
    listener = await listeners.join(token, viewer_id, last_event_id)
    draining = request.app.state.readiness.draining
    return EventStream(listener, listeners.leave, draining, listeners.drain_s)
