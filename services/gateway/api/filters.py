"""The filters for photos."""

from fastapi import APIRouter, Request, Response

from services.gateway.api.problem_codes import problems
from services.gateway.api.replies import conditional_reply
from services.gateway.api.reply_docs import reply
from services.gateway.api.session import WITHOUT_SESSION
from services.gateway.resources import resources_of
from services.gateway.views.filters import Filters, public_filters

router = APIRouter(tags=["Photos"])


@router.get(
    "/v1/filters",
    summary="The filters",
    openapi_extra=WITHOUT_SESSION,
    responses={**reply(200, Filters, "In the order to offer them."), **problems()},
)
async def get_filters(request: Request) -> Response:
    """All filters, each with the same sample picture, and the sample without any.

    `PATCH /v1/photos/{photo_id}` sets a filter, or removes it with null; both are fast.
    """
    resources = resources_of(request)
    samples = await resources.upload.filters()
    return conditional_reply(request, public_filters(samples, resources.media.base_url))
