"""The rows of reports, and the hiding of posts and comments."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

from asyncpg import Record

from shared.contracts.reports import Report, ReportReason, SubjectKind
from shared.ids import created_at
from shared.sharding.shard_group import ShardGroup
from shared.sql_files import load_queries
from shared.wire_time import wire_time

_SQL = load_queries(Path(__file__).with_suffix(".sql"))

# Published when operators hide or show a post: cached bodies must then be dropped.
HIDING_TOPIC = "post.hiding"


@dataclass(frozen=True, slots=True)
class Subject:
    """What is reported."""

    kind: SubjectKind
    id: int


@dataclass(frozen=True, slots=True)
class NewReport:
    """A report before it is written; `author_id` is the user behind the subject."""

    reporter_id: int
    subject: Subject
    author_id: int
    reason: ReportReason
    note: str


@dataclass(frozen=True, slots=True)
class OpenReport:
    """A report that no operator has closed."""

    id: int
    reporter_id: int
    subject: Subject
    author_id: int
    reason: ReportReason
    note: str


async def add_report(group: ShardGroup, new: NewReport) -> Report:
    """Store a report; it replaces the reporter's earlier one about the same subject."""
    async with group.writer(group.shard_of(new.reporter_id)) as tx:
        row = await tx.row(
            _SQL["insert_report"],
            reporter_id=new.reporter_id,
            subject_kind=new.subject.kind,
            subject_id=new.subject.id,
            author_id=new.author_id,
            reason=new.reason,
            note=new.note,
        )
    report = dict(cast(Record, row))
    return cast(Report, report | {"created_at": wire_time(created_at(report["id"]))})


async def oldest_open_reports(group: ShardGroup, limit: int) -> list[OpenReport]:
    """The open reports of all shards, the oldest first."""
    rows = await group.rows_across(_SQL["open_reports"], group.shards(), limit=limit)
    return [
        OpenReport(
            row["id"],
            row["reporter_id"],
            Subject(row["subject_kind"], row["subject_id"]),
            row["author_id"],
            row["reason"],
            row["note"],
        )
        for row in sorted(rows, key=lambda row: row["id"])[:limit]
    ]


async def close_reports(group: ShardGroup, subject: Subject) -> int:
    """Close all reports of a subject and return their number."""
    rows = await group.rows_across(
        _SQL["open_reports_of"],
        group.shards(),
        subject_kind=subject.kind,
        subject_id=subject.id,
    )
    return await _change(group, "close_reports", [row["id"] for row in rows])


async def forget_reports_naming(group: ShardGroup, user_id: int, limit: int) -> bool:
    """Delete reports by and about an account and what it published; False if there are none."""
    rows = await group.rows_across(
        _SQL["reports_naming"], group.shards(), user_id=user_id, limit=limit
    )
    return bool(await _change(group, "delete_reports", [row["id"] for row in rows]))


async def _change(group: ShardGroup, statement: str, ids: Sequence[int]) -> int:
    by_shard: dict[int, list[int]] = defaultdict(list)
    for report_id in ids:
        by_shard[group.shard_of(report_id)].append(report_id)
    changed = 0
    for shard, of_shard in by_shard.items():
        async with group.writer(shard) as tx:
            changed += await tx.execute(_SQL[statement], ids=of_shard)
    return changed


async def change_hiding(
    group: ShardGroup, kind: Literal["post", "comment"], item_id: int, *, is_hidden: bool
) -> bool:
    """Hide a post or comment from everybody or show it again; False if that changes nothing."""
    async with group.writer(group.shard_of(item_id)) as tx:
        verb = "hide" if is_hidden else "show"
        if not await tx.execute(_SQL[f"{verb}_{kind}"], id=item_id):
            return False
        if kind == "post":
            await tx.publish(HIDING_TOPIC, {"post_id": item_id})
    return True
