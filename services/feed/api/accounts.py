"""Export and erasure of an account, which users asks of feed."""

from fastapi import APIRouter, Request, Response

from services.feed.actions.erase_account import Published, erase_account
from services.feed.actions.export_account import (
    activity_section,
    captions_section,
    comments_section,
    edges_section,
    export_account,
    posts_section,
    table_section,
)
from services.feed.api.path_ids import UserId
from services.feed.resources import resources_of
from services.feed.store.account_tables import TABLES
from shared.contracts.accounts import Erased, ExportPage
from shared.http_server.json_reply import JsonReply
from shared.http_server.paging import Cursor
from shared.http_server.problems import problem_replies
from shared.http_server.reply_docs import reply

router = APIRouter(tags=["Accounts"])


_EXPORT_PAGE: ExportPage = {
    "document": "likes",
    "items": [{"post_id": 493848221934518272}],
    "next_cursor": None,
}


@router.get(
    "/accounts/{user_id}/export",
    summary="Export a page of an account",
    responses={
        **reply(200, ExportPage, "Some items of one document."),
        **problem_replies(401, 404, 422, 503, 504),
    },
)
async def get_export(request: Request, user_id: UserId, cursor: Cursor = None) -> Response:
    """One document after another, for the account's owner only."""
    resources = resources_of(request)
    sections = {
        "posts": posts_section(resources.group),
        "former_captions": captions_section(resources.group),
        "likes": edges_section(resources.likes, "post_id"),
        "saves": edges_section(resources.saves, "post_id"),
        "comments": comments_section(resources.comments),
        "comment_likes": edges_section(resources.comment_likes, "comment_id"),
        "activity": activity_section(resources.group),
        **{
            table.document: table_section(resources.group, table)
            for table in TABLES
            if table.document is not None
        },
    }
    return JsonReply(await export_account(sections, user_id, cursor))


@router.post(
    "/accounts/{user_id}/erase",
    summary="Erase a page of an account",
    responses={
        **reply(200, Erased, "Whether feed holds nothing of the account."),
        **problem_replies(401, 404, 422, 503, 504),
    },
)
async def post_erasure(request: Request, user_id: UserId) -> Response:
    """Remove a page of posts, reactions and comments; repeat until `finished`, or longer."""
    resources = resources_of(request)
    finished = await erase_account(
        resources.group,
        Published(resources.bodies, resources.comments, resources.reactions),
        resources.edges(),
        resources.destinations(),
        user_id,
    )
    return JsonReply({"finished": finished})
