"""The filters that photos can be given."""

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
    responses={**reply(200, Filters, "In the order to show them in."), **problems()},
)
async def get_filters(request: Request) -> Response:
    """Each with a sample: one picture in the colours of all of them, and once in its own.

    Give a photo one with `PATCH /v1/photos/{photo_id}`, take it off with null: both are quick.
    """
    resources = resources_of(request)
    samples = await resources.upload.filters()
    return conditional_reply(request, public_filters(samples, resources.media.base_url))
