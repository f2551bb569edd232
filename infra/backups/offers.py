"""What the backups offer for a primary whose data is lost, damaged or of another time."""

from infra.backups.restorable import restorable
from infra.backups.source import own_source
from infra.backups.state import spelled
from infra.driving.failures import SuiteFailure
from infra.suite import Suite
from infra.topology import PostgresNode


async def offer_for(suite: Suite, node: PostgresNode) -> str:
    """A sentence: the command that brings the primary back, and to when, or why none can."""
    if not suite.topology.backup.enabled:
        return f"There are no backups of {node.name}: the suite takes none."
    try:
        async with own_source(suite) as source:
            found = await restorable(suite, source, node)
    except SuiteFailure as failure:
        return f"The backups of {node.name} cannot be read: {failure}"
    if found.since is None or found.until is None:
        return f"There is no backup of {node.name} yet."
    return (
        f"`make restore G={node.group} REPLACE=1` brings {node.name} back as it was at"
        f" {spelled(found.until)} UTC, with the other databases of {node.group}; AT= names an"
        f" earlier moment, from {spelled(found.since)} UTC on."
    )
