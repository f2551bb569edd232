"""Prometheus metrics of jobs, the outbox and the edge reconciler."""

from prometheus_client import Counter, Gauge, Histogram

_SECONDS = (0.005, 0.02, 0.1, 0.5, 2, 10, 60, 600)

OUTBOX_WAITING = Gauge(
    "retrato_outbox_waiting", "Events that wait for delivery.", ["group", "primary"]
)
OUTBOX_OLDEST_SECONDS = Gauge(
    "retrato_outbox_oldest_seconds", "Age of the oldest waiting event.", ["group", "primary"]
)
OUTBOX_PARKED = Gauge(
    "retrato_outbox_parked", "Events that failed for good and are held.", ["group", "primary"]
)
OUTBOX_DELIVERED = Counter(
    "retrato_outbox_delivered_total", "Events delivered.", ["group", "topic"]
)
OUTBOX_FAILURES = Counter(
    "retrato_outbox_failures_total", "Deliveries that failed.", ["group", "topic", "kind"]
)
OUTBOX_DELAY_SECONDS = Histogram(
    "retrato_outbox_delay_seconds",
    "From an event being written to its being delivered.",
    ["group", "topic"],
    buckets=_SECONDS,
)

JOBS = Gauge(
    "retrato_jobs",
    "Jobs in the queue, as each worker counts all of them.",
    ["group", "primary", "kind", "status"],
)
JOB_RUNS = Counter("retrato_job_runs_total", "Ends of a job's run.", ["group", "kind", "outcome"])
JOB_SECONDS = Histogram(
    "retrato_job_seconds", "Length of a job's run.", ["group", "kind"], buckets=_SECONDS
)
JOB_START_DELAY_SECONDS = Histogram(
    "retrato_job_start_delay_seconds",
    "From the time a job may run to its first start.",
    ["group", "kind"],
    buckets=_SECONDS,
)

EDGE_DRIFT = Gauge(
    "retrato_edge_drift",
    "Edges whose sides disagreed, and wrong counts, in the last full pass.",
    ["group", "kind"],
)
EDGE_PASS_SECONDS = Gauge(
    "retrato_edge_pass_seconds", "Length of the last full pass over all edges.", ["group"]
)
EDGES_COMPARED = Counter(
    "retrato_edges_compared_total", "Edges whose two sides were compared.", ["group"]
)
EDGES_REPAIRED = Counter(
    "retrato_edges_repaired_total", "Edges and counts repaired.", ["group", "kind", "fault"]
)
EDGES_LEFT_ALONE = Gauge(
    "retrato_edges_left_alone",
    "Edges and counts that had drifted in the last full pass and were not repaired.",
    ["group"],
)
