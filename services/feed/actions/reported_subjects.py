"""Open reports grouped by subject, for operators."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from services.feed.store.comments import Comments
from services.feed.store.posts import bodies_by_ids
from services.feed.store.reports import OpenReport, Subject, oldest_open_reports
from shared.contracts.reports import ReportReason
from shared.sharding.shard_group import ShardGroup

# At most this many reports are read, the oldest first.
REPORTS_MAX = 1_000
_EXCERPT_CHARACTERS_MAX = 200


@dataclass(frozen=True, slots=True)
class ReportedSubject:
    """A subject with all its open reports; `excerpt` is its text, empty for a user."""

    subject: Subject
    author_id: int
    reasons: Counter[ReportReason]
    notes: list[str]
    excerpt: str
    state: Literal["stands", "is gone or hidden", ""]


async def reported_subjects(
    group: ShardGroup, comments: Comments, limit: int
) -> list[ReportedSubject]:
    """Group the `limit` oldest open reports; the subject with the most comes first."""
    by_subject: dict[Subject, list[OpenReport]] = defaultdict(list)
    for report in await oldest_open_reports(group, limit):
        by_subject[report.subject].append(report)
    texts = await _texts(group, comments, list(by_subject))
    return [
        _put_together(subject, by_subject[subject], texts.get(subject))
        for subject in sorted(by_subject, key=lambda one: -len(by_subject[one]))
    ]


async def _texts(
    group: ShardGroup, comments: Comments, subjects: Sequence[Subject]
) -> dict[Subject, str]:
    """Captions and comments of the subjects that exist and are not hidden."""
    post_ids = [one.id for one in subjects if one.kind == "post"]
    comment_ids = [one.id for one in subjects if one.kind == "comment"]
    bodies = await bodies_by_ids(group, post_ids) if post_ids else {}
    written = await comments.by_ids(comment_ids) if comment_ids else {}
    captions = {Subject("post", id_): body["caption"] for id_, body in bodies.items() if body}
    return captions | {Subject("comment", id_): one["text"] for id_, one in written.items()}


def _put_together(
    subject: Subject, reports: Sequence[OpenReport], text: str | None
) -> ReportedSubject:
    state: Literal["stands", "is gone or hidden", ""] = "stands"
    if subject.kind == "user":
        state = ""
    elif text is None:
        state = "is gone or hidden"
    return ReportedSubject(
        subject,
        reports[0].author_id,
        Counter(report.reason for report in reports),
        [report.note for report in reports if report.note],
        (text or "")[:_EXCERPT_CHARACTERS_MAX],
        state,
    )
