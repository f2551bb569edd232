"""Reports as they travel between services."""

from typing import Literal

from typing_extensions import TypedDict

SubjectKind = Literal["user", "post", "comment"]
ReportReason = Literal["spam", "harassment", "violence", "nudity", "self_harm", "illegal", "other"]


class Report(TypedDict):
    """A user's report of a user, post or comment."""

    id: int
    subject_kind: SubjectKind
    subject_id: int
    reason: ReportReason
    note: str
    created_at: str
