"""Reports as the public API shows them."""

from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict

from services.gateway.views.wire_types import Id, Time
from shared.contracts import reports as contract


class ReportSubject(TypedDict):
    """What is reported."""

    kind: contract.SubjectKind
    id: Id


class Report(TypedDict):
    """Your report to the operators."""

    id: Id
    subject: ReportSubject
    reason: contract.ReportReason
    note: Annotated[str, Field(examples=["The same picture as yesterday."])]
    created_at: Time


class ReportReply(TypedDict):
    """The reply to reporting."""

    report: Report


def public_report(report: contract.Report) -> Report:
    """Convert a report for its reporter."""
    return {
        "id": str(report["id"]),
        "subject": {"kind": report["subject_kind"], "id": str(report["subject_id"])},
        "reason": report["reason"],
        "note": report["note"],
        "created_at": report["created_at"],
    }
