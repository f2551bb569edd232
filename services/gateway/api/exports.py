"""Requests and shows a copy of the viewer's account."""

from fastapi import APIRouter, Request, Response
from pydantic import Field

from services.gateway.api.client_body import ClientBody
from services.gateway.api.problem_codes import (
    BAD_REQUEST,
    INVALID,
    NOT_FOUND,
    TOO_MANY_GUESSES,
    UNAUTHENTICATED,
    WRONG_PASSWORD,
    problems,
)
from services.gateway.api.replies import private_reply
from services.gateway.api.reply_docs import reply
from services.gateway.api.session import ViewerId
from services.gateway.api.text import Text
from services.gateway.resources import resources_of
from services.gateway.views.exports import ExportReply, public_export

router = APIRouter(tags=["Accounts"])


class ExportRequest(ClientBody):
    """The password again: a session left open must not give everything away."""

    password: Text = Field(
        json_schema_extra={"format": "password"}, examples=["correct horse battery"]
    )


@router.post(
    "/v1/me/export",
    status_code=202,
    summary="Request a copy of the account",
    responses={
        **reply(202, ExportReply, "It is being made; poll with GET."),
        **problems(BAD_REQUEST, UNAUTHENTICATED, WRONG_PASSWORD, INVALID, TOO_MANY_GUESSES),
    },
)
async def post_export(request: Request, asked: ExportRequest, viewer_id: ViewerId) -> Response:
    """Request an archive of everything in your account, photos included.

    A request while one is being made changes nothing. The archive is kept for seven days.
    """
    resources = resources_of(request)
    export = await resources.users.request_export(asked.password, viewer_id=viewer_id)
    return private_reply(public_export(export, resources.url_of()), 202)


@router.get(
    "/v1/me/export",
    summary="The copy of the account",
    responses={
        **reply(200, ExportReply, "Its state, and its address once it is ready."),
        **problems(UNAUTHENTICATED, NOT_FOUND),
    },
)
async def get_export(request: Request, viewer_id: ViewerId) -> Response:
    """The newest archive that you requested; 404 if there is none."""
    resources = resources_of(request)
    export = await resources.users.export(viewer_id=viewer_id)
    return private_reply(public_export(export, resources.url_of()))
