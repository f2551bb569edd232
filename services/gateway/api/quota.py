"""The viewer's quota of photos."""

from fastapi import APIRouter, Request, Response

from services.gateway.api.problem_codes import UNAUTHENTICATED, problems
from services.gateway.api.replies import private_reply
from services.gateway.api.reply_docs import reply
from services.gateway.api.session import ViewerId
from services.gateway.resources import resources_of
from shared.contracts.photos import QuotaUse

router = APIRouter(tags=["Photos"])


@router.get(
    "/v1/me/quota",
    summary="Own quota",
    responses={
        **reply(200, QuotaUse, "The quota and its use."),
        **problems(UNAUTHENTICATED),
    },
)
async def get_quota(request: Request, viewer_id: ViewerId) -> Response:
    """How many photos you have, in all and from the last 24 hours, and the limits."""
    return private_reply(await resources_of(request).upload.quota(viewer_id=viewer_id))
