"""Counts requests that were refused under overload, by place and reason."""

from prometheus_client import Counter

from shared.errors import Overloaded

refused = Counter(
    "retrato_refused_total",
    "Requests refused under overload, by place and reason.",
    ["place", "reason"],
)


def overloaded(place: str, reason: str, detail: str = "", *, retry_after_s: int = 1) -> Overloaded:
    """Count a refusal and return its error; an empty `detail` means the error's title."""
    refused.labels(place, reason).inc()
    return Overloaded(detail or None, retry_after_s=retry_after_s)
