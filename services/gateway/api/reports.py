"""Reports to the operators."""

from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import Field

from services.gateway.actions.report_subject import report_subject
from services.gateway.api.client_body import ClientBody
from services.gateway.api.problem_codes import (
    BAD_REQUEST,
    INVALID,
    NOT_FOUND,
    OWN_ACCOUNT,
    TOO_MANY_REQUESTS,
    UNAUTHENTICATED,
    problems,
)
from services.gateway.api.replies import private_reply
from services.gateway.api.reply_docs import reply
from services.gateway.api.session import ViewerId
from services.gateway.api.text import Text
from services.gateway.resources import resources_of
from services.gateway.views.reports import ReportReply, public_report
from services.gateway.views.wire_types import Id
from shared.contracts.reports import ReportReason, SubjectKind

router = APIRouter(tags=["Reports"])


class NewReport(ClientBody):
    """A new report."""

    kind: SubjectKind
    id: Id
    reason: ReportReason
    note: Text = Field(
        "",
        description="A remark for the operators.",
        json_schema_extra={"maxLength": 1000},
        examples=["The same picture as yesterday."],
    )

    def as_contract(self) -> dict[str, Any]:
        """In feed's form: ids are numbers."""
        return {
            "subject_kind": self.kind,
            "subject_id": int(self.id),
            "reason": self.reason,
            "note": self.note,
        }


@router.post(
    "/v1/reports",
    status_code=201,
    summary="Report a user, a post or a comment",
    responses={
        **reply(201, ReportReply, "The operators will check it."),
        **problems(
            BAD_REQUEST, UNAUTHENTICATED, NOT_FOUND, INVALID, OWN_ACCOUNT, TOO_MANY_REQUESTS
        ),
    },
)
async def report(request: Request, new: NewReport, viewer_id: ViewerId) -> Response:
    """Report content to the operators; a later report about the same subject replaces it."""
    resources = resources_of(request)
    made = await report_subject(
        resources.feed, resources.author_cards, new.as_contract(), viewer_id
    )
    return private_reply({"report": public_report(made)}, 201)
