"""Reports a user, a post or a comment to the operators."""

from services.feed.domain.reports import note_faults
from services.feed.store.reports import NewReport, add_report
from shared.contracts.reports import Report
from shared.errors import Invalid
from shared.sharding.shard_group import ShardGroup


async def report_subject(group: ShardGroup, new: NewReport) -> Report:
    """Store the report; it replaces the reporter's earlier one about the same subject.

    Raises Invalid. The caller has checked that the reporter may see the subject.
    """
    faults = list(note_faults(new.note))
    if faults:
        raise Invalid(errors=faults)
    return await add_report(group, new)
