"""The viewer's relationships with many people at once."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from services.users.domain.profiles import relationship_of
from services.users.resources import resources_of
from services.users.store.relations import relations_of
from shared.contracts.examples import USER_ID
from shared.contracts.people import Relationships
from shared.http_server.json_reply import JsonReply
from shared.http_server.problems import problem_replies
from shared.http_server.reply_docs import reply
from shared.http_server.viewer import ViewerId

router = APIRouter(tags=["Follow graph"])

RELATIONSHIPS_MAX = 80

Ids = Annotated[
    list[Annotated[int, Field(ge=1, lt=2**63)]],
    Query(
        min_length=1,
        max_length=RELATIONSHIPS_MAX,
        description="Repeated: `ids=1&ids=2`.",
        examples=[[USER_ID]],
    ),
]


@router.get(
    "/relationships",
    summary="Relationships with many people",
    responses={
        **reply(
            200,
            Relationships,
            "By decimal id; an unknown person counts as a stranger.",
        ),
        **problem_replies(401, 422, 503),
    },
)
async def get_relationships(request: Request, viewer_id: ViewerId, ids: Ids) -> Response:
    """Costs one statement in the viewer's shard for any number of people."""
    relations = await relations_of(resources_of(request).group, viewer_id, ids)
    return JsonReply(
        {
            "relationships": {
                str(user_id): relationship_of(relation) for user_id, relation in relations.items()
            }
        }
    )
