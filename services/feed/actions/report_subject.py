"""Reporting a user, a post or a comment to the operators."""

from services.feed.domain.reports import note_faults
from services.feed.store.reports import NewReport, add_report
from shared.contracts.reports import Report
from shared.errors import Invalid
from shared.sharding.shard_group import ShardGroup


async def report_subject(group: ShardGroup, new: NewReport) -> Report:
    """The report; the same person's next one of the same subject takes its place.

    Raises Invalid. That the reporter may see the subject is the caller's to know.
    """
    faults = list(note_faults(new.note))
    if faults:
        raise Invalid(errors=faults)
    return await add_report(group, new)
