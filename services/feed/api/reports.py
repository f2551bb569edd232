"""Takes users' reports to the operators."""

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from services.feed.actions.report_subject import report_subject
from services.feed.api.path_ids import Id
from services.feed.domain.reports import NOTE_CHARACTERS_MAX
from services.feed.resources import resources_of
from services.feed.store.reports import NewReport as Reported
from services.feed.store.reports import Subject
from shared.contracts.reports import Report, ReportReason, SubjectKind
from shared.http_server.json_reply import JsonReply
from shared.http_server.problems import problem_replies
from shared.http_server.reply_docs import reply
from shared.http_server.viewer import ViewerId

router = APIRouter(tags=["Reports"])


class NewReport(BaseModel):
    """A new report; `author_id` is the reported user, or the writer of the post or comment."""

    subject_kind: SubjectKind
    subject_id: Id
    author_id: Id
    reason: ReportReason
    note: str = Field("", json_schema_extra={"maxLength": NOTE_CHARACTERS_MAX})


@router.post(
    "/reports",
    status_code=201,
    summary="Report a user, a post or a comment",
    responses={
        **reply(201, Report, "The report; a later one about the same subject replaces it."),
        **problem_replies(400, 401, 422, 503),
    },
)
async def post_report(request: Request, new: NewReport, viewer_id: ViewerId) -> Response:
    """The caller asks users whether the viewer may see what is reported."""
    reported = Reported(
        viewer_id,
        Subject(new.subject_kind, new.subject_id),
        new.author_id,
        new.reason,
        new.note,
    )
    return JsonReply(await report_subject(resources_of(request).group, reported), 201)
