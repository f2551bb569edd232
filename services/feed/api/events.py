"""Receives changes of the follow graph from users."""

from typing import cast

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from services.feed.actions.apply_graph_events import apply_graph_events
from services.feed.api.path_ids import Id
from services.feed.resources import resources_of
from shared.contracts.people import EventKind, GraphEvent
from shared.http_server.examples import example_of
from shared.http_server.problems import problem_replies
from shared.http_server.reply_docs import no_content

router = APIRouter(tags=["Events"])

# The outbox relay of users sends at most this many in a batch.
EVENTS_MAX = 500


class NewEvent(BaseModel):
    """A change between two users; of two for the same pair, the higher version is newer."""

    id: Id
    kind: EventKind
    actor_id: Id
    subject_id: Id
    version: Id


class NewEvents(BaseModel):
    """Changes in the order in which they happened."""

    events: list[NewEvent] = Field(max_length=EVENTS_MAX, examples=[[example_of(GraphEvent)]])


@router.post(
    "/events",
    status_code=204,
    response_class=Response,
    summary="Changes of the follow graph",
    responses={
        **no_content("All of them are applied."),
        **problem_replies(400, 401, 422, 503, 504),
    },
)
async def post_events(request: Request, told: NewEvents) -> Response:
    """Delivered at least once, in order per pair of users; after an error, resend the batch."""
    resources = resources_of(request)
    events = [cast(GraphEvent, event.model_dump()) for event in told.events]
    await apply_graph_events(
        resources.group,
        resources.timelines,
        resources.stream,
        events,
    )
    return Response(status_code=204)
