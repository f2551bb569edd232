"""Deleting the viewer's account, and the receipt that shows its progress."""

from fastapi import APIRouter, Request, Response
from pydantic import Field

from services.gateway.actions.delete_account import delete_account
from services.gateway.api.client_body import ClientBody
from services.gateway.api.path_ids import ReceiptId
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
from services.gateway.api.session import WITHOUT_SESSION, ViewerId
from services.gateway.api.text import Text
from services.gateway.resources import resources_of
from shared.contracts.accounts import DeletionReceipt

router = APIRouter(tags=["Accounts"])


class Deletion(ClientBody):
    """The password again: a session left open must not delete an account."""

    password: Text = Field(
        json_schema_extra={"format": "password"}, examples=["correct horse battery"]
    )


@router.delete(
    "/v1/me",
    status_code=202,
    summary="Delete the account",
    responses={
        **reply(202, DeletionReceipt, "Gone for everybody; its data is being erased."),
        **problems(BAD_REQUEST, UNAUTHENTICATED, WRONG_PASSWORD, INVALID, TOO_MANY_GUESSES),
    },
)
async def delete_me(request: Request, asked: Deletion, viewer_id: ViewerId) -> Response:
    """Delete your account and everything in it. Keep the receipt: all sessions end.

    Your address is free again within a minute, your username after 14 days.
    """
    resources = resources_of(request)
    receipt = await delete_account(resources.users, resources.sessions, asked.password, viewer_id)
    return private_reply(receipt, 202)


@router.get(
    "/v1/deletions/{receipt_id:receipt}",
    summary="A deletion's progress",
    openapi_extra=WITHOUT_SESSION,
    responses={
        **reply(200, DeletionReceipt, "When each part was finished; null until then."),
        **problems(NOT_FOUND),
    },
)
async def get_deletion(request: Request, receipt_id: ReceiptId) -> Response:
    """The progress of a deletion, for anybody with the receipt, until 30 days after its end."""
    return private_reply(await resources_of(request).users.deletion(receipt_id))
