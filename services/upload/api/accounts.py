"""Erasure of deleted accounts, which users asks of upload."""

from fastapi import APIRouter, Request, Response

from services.upload.actions.erase_account import erase_account
from services.upload.resources import resources_of
from shared.contracts.accounts import Erased
from shared.errors import NotFound
from shared.http_server.json_reply import JsonReply
from shared.http_server.problems import problem_replies
from shared.http_server.reply_docs import reply

router = APIRouter(tags=["Accounts"])


@router.post(
    "/accounts/{user_id}/erase",
    summary="Erase a page of an account",
    responses={
        **reply(200, Erased, "Whether upload holds nothing of the account."),
        **problem_replies(401, 404, 422, 503, 504),
    },
)
async def post_erasure(request: Request, user_id: int) -> Response:
    """Remove a page of photos, renditions and originals; repeat until `finished`, or longer."""
    # No row can have such an id, so this is NotFound rather than Invalid.
    if not 0 < user_id < 2**63:
        raise NotFound
    resources = resources_of(request)
    finished = await erase_account(resources.group, resources.objects, resources.caches, user_id)
    return JsonReply({"finished": finished})
