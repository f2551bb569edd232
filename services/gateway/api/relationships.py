"""The viewer's relationships with many people at once."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from services.gateway.api.problem_codes import INVALID, UNAUTHENTICATED, problems
from services.gateway.api.replies import private_reply
from services.gateway.api.reply_docs import reply
from services.gateway.api.session import ViewerId
from services.gateway.resources import resources_of
from services.gateway.views.wire_types import Id
from shared.contracts.people import Relationships

router = APIRouter(tags=["People"])

# As many people as a page of a list can hold.
_IDS_MAX = 80

Ids = Annotated[
    list[Id],
    Query(
        min_length=1,
        max_length=_IDS_MAX,
        description="Ids of users, repeated: `ids=1&ids=2`; at most 80.",
    ),
]


@router.get(
    "/v1/relationships",
    summary="Relationships",
    responses={
        **reply(200, Relationships, "Your relationship with each, by id."),
        **problems(UNAUTHENTICATED, INVALID),
    },
)
async def get_relationships(request: Request, viewer_id: ViewerId, ids: Ids) -> Response:
    """Your relationships with up to 80 people; an unknown id counts as a stranger."""
    wanted = [int(user_id) for user_id in ids]
    found = await resources_of(request).users.relationships(wanted, viewer_id=viewer_id)
    return private_reply({"relationships": found})
