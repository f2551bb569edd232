"""The format of times in JSON: RFC 3339 in UTC with milliseconds and Z."""

from datetime import UTC, datetime


def wire_time(moment: datetime) -> str:
    """Format an aware datetime, for example as 2026-05-04T09:30:00.000Z."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
