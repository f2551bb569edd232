"""Times as the services write them."""

from datetime import datetime


def parse_wire_time(text: str) -> datetime:
    """RFC 3339 with `Z`, as all contracts have it."""
    return datetime.fromisoformat(text)
