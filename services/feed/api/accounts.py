"""What users tells feed of accounts that are being deleted."""

from fastapi import APIRouter, Request, Response

from services.feed.actions.erase_account import erase_account
from services.feed.api.opened import opened
from services.feed.api.path_ids import UserId
from services.feed.api.reply_docs import reply
from shared.contracts.accounts import Erased
from shared.web.json_reply import JsonReply
from shared.web.problems import problem_replies

router = APIRouter(tags=["Accounts"])


@router.post(
    "/accounts/{user_id}/erase",
    summary="Erase a page of an account",
    responses={
        **reply(200, Erased, "Whether that was the last page.", {"finished": True}),
        **problem_replies(401, 404, 422, 503, 504),
    },
)
async def post_erasure(request: Request, user_id: UserId) -> Response:
    """Posts, likes and the home timeline; again until `finished`, and once more is fine."""
    resources = opened(request)
    finished = await erase_account(
        resources.group,
        resources.posts,
        resources.bodies,
        resources.likes,
        resources.timelines,
        user_id,
    )
    return JsonReply({"finished": finished})
