"""Requests and shows a copy of the viewer's account."""

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from services.users.actions.read_export import read_export
from services.users.actions.request_export import request_export
from services.users.domain.passwords import PASSWORD_CHARACTERS_MAX
from services.users.resources import resources_of
from shared.contracts.accounts import Export
from shared.http_server.json_reply import JsonReply
from shared.http_server.problems import problem_replies
from shared.http_server.reply_docs import reply
from shared.http_server.viewer import ViewerId

router = APIRouter(tags=["Export"])

_EXPORT: Export = {
    "id": 493848221934518275,
    "state": "ready",
    "requested_at": "2026-05-04T09:30:00.000Z",
    "ready_at": "2026-05-04T09:31:00.000Z",
    "expires_at": "2026-05-11T09:31:00.000Z",
    "key": "archives/493848221934518275.zip",
    "bytes": 18200441,
}


class ExportRequest(BaseModel):
    """The password again: a session left open must not give everything away."""

    password: str = Field(
        max_length=PASSWORD_CHARACTERS_MAX,
        json_schema_extra={"format": "password"},
        examples=["correct horse battery"],
    )


@router.post(
    "/me/export",
    status_code=202,
    summary="Request a copy of the viewer's account",
    responses={
        **reply(202, Export, "It is being made."),
        **problem_replies(400, 401, 403, 422, 429, 503),
    },
)
async def post_export(request: Request, asked: ExportRequest, viewer_id: ViewerId) -> Response:
    """A request while a copy is being made changes nothing.

    403 `wrong_password` and 429 `too_many_guesses` as for a deletion.
    """
    resources = resources_of(request)
    await request_export(resources.group, resources.passwords, viewer_id, asked.password)
    export = await read_export(resources.group, resources.archives, viewer_id)
    return JsonReply(export, 202)


@router.get(
    "/me/export",
    summary="The newest copy of the viewer's account",
    responses={
        **reply(200, Export, "Its state, and its key once it is ready."),
        **problem_replies(401, 404, 503),
    },
)
async def get_export(request: Request, viewer_id: ViewerId) -> Response:
    """404 if none was requested."""
    resources = resources_of(request)
    return JsonReply(await read_export(resources.group, resources.archives, viewer_id))
