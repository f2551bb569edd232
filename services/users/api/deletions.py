"""Deleting the viewer's account, and the receipt that shows its progress."""

from datetime import datetime

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from services.users.actions.delete_account import delete_account
from services.users.domain.passwords import PASSWORD_CHARACTERS_MAX
from services.users.domain.receipts import find_receipt, is_same
from services.users.resources import resources_of
from services.users.store.deletions import Progress, find_progress
from shared.contracts.accounts import DeletionReceipt
from shared.errors import NotFound
from shared.http_server.json_reply import JsonReply
from shared.http_server.problems import problem_replies
from shared.http_server.reply_docs import reply
from shared.http_server.viewer import ViewerId
from shared.wire_time import wire_time

router = APIRouter(tags=["Deletion"])

_RECEIPT: DeletionReceipt = {
    "receipt_id": "6da7a3c1b000400.pW9v3Yw1rU0b2mC4xK7tZ5qLh8sNdE6g",
    "requested_at": "2026-05-04T09:30:00.000Z",
    "users_finished_at": "2026-05-04T09:30:08.000Z",
    "feed_finished_at": None,
    "upload_finished_at": None,
    "finished": False,
}


class Deletion(BaseModel):
    """The password again: a session left open must not delete an account."""

    password: str = Field(
        max_length=PASSWORD_CHARACTERS_MAX,
        json_schema_extra={"format": "password"},
        examples=["correct horse battery"],
    )


@router.post(
    "/me/deletion",
    status_code=202,
    summary="Delete the viewer's account",
    responses={
        **reply(202, DeletionReceipt, "Gone for everybody; its data is being erased."),
        **problem_replies(400, 401, 403, 422, 429, 503),
    },
)
async def post_deletion(request: Request, asked: Deletion, viewer_id: ViewerId) -> Response:
    """Every session ends. 403 `wrong_password` if the password is wrong.

    429 `too_many_guesses` follows 10 failures of the account in an hour, here and elsewhere.
    """
    resources = resources_of(request)
    receipt = await delete_account(
        resources.group, resources.passwords, resources.sessions, viewer_id, asked.password
    )
    progress = await find_progress(resources.group, receipt.user_id)
    if progress is None:
        raise NotFound
    return JsonReply(_reply_of(progress), 202)


@router.get(
    "/deletions/{receipt_id}",
    summary="Progress of a deletion",
    responses={
        **reply(200, DeletionReceipt, "When each service finished."),
        **problem_replies(401, 404, 422, 503),
    },
)
async def get_deletion(request: Request, receipt_id: str) -> Response:
    """Needs no viewer: anybody with the receipt may read it, until 30 days after its end."""
    receipt = find_receipt(receipt_id)
    if receipt is None:
        raise NotFound
    progress = await find_progress(resources_of(request).group, receipt.user_id)
    if progress is None or not is_same(progress.receipt, receipt):
        raise NotFound
    return JsonReply(_reply_of(progress))


def _reply_of(progress: Progress) -> DeletionReceipt:
    def text(time: datetime | None) -> str | None:
        return None if time is None else wire_time(time)

    finished_at = progress.finished_at
    return {
        "receipt_id": str(progress.receipt),
        "requested_at": wire_time(progress.requested_at),
        "users_finished_at": text(finished_at["users"]),
        "feed_finished_at": text(finished_at["feed"]),
        "upload_finished_at": text(finished_at["upload"]),
        "finished": None not in finished_at.values(),
    }
