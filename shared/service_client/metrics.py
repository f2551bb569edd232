"""Prometheus metrics of the calls that a process makes to other services."""

from prometheus_client import Counter, Gauge, Histogram

# A call takes a few milliseconds, or as long as its deadline allows.
_SECONDS = (0.002, 0.005, 0.01, 0.025, 0.1, 0.5, 2.5, 10)

upstream_calls = Counter(
    "retrato_upstream_calls_total", "Calls to another service.", ["upstream", "outcome"]
)
upstream_call_seconds = Histogram(
    "retrato_upstream_call_seconds", "Time of a call.", ["upstream"], buckets=_SECONDS
)
upstream_attempts = Counter(
    "retrato_upstream_attempts_total", "Attempts, retries included.", ["upstream"]
)
upstream_retries = Counter(
    "retrato_upstream_retries_total", "Second attempts.", ["upstream", "granted"]
)
upstream_ejections = Counter(
    "retrato_upstream_ejections_total", "Replicas left out for a while.", ["upstream"]
)
upstream_in_flight = Gauge("retrato_upstream_calls_in_flight", "Calls under way.", ["upstream"])
