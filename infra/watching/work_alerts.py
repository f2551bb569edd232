"""Alerts on background work: events and jobs that wait, and what does not agree."""

from collections.abc import Iterator

from infra.watching.part_alerts import TICKET_FOR_S
from infra.watching.rules import Alert

_OUTBOX_MAX_S = 60
_JOBS_MAX = 500
_DELAY_MAX_S = 60


def work_alerts() -> Iterator[Alert]:
    """Yield the alerts on outboxes, queues, and differences that upkeep has found."""
    yield Alert(
        "OutboxOld",
        f"max by (group, primary) (retrato_outbox_oldest_seconds) > {_OUTBOX_MAX_S}",
        TICKET_FOR_S // 2,
        "ticket",
        "work",
        "Events of {{ $labels.primary }} have waited for {{ $value | humanizeDuration }}.",
    )
    yield Alert(
        "OutboxParked",
        "max by (group, primary) (retrato_outbox_parked) > 0",
        0,
        "ticket",
        "work",
        "{{ $value }} events of {{ $labels.primary }} failed for good, and are held.",
    )
    yield Alert(
        "JobsWait",
        # Each worker counts all jobs of a primary.
        "sum by (group, kind) (max by (group, primary, kind)"
        f' (retrato_jobs{{status="queued"}})) > {_JOBS_MAX}',
        2 * TICKET_FOR_S,
        "ticket",
        "work",
        "{{ $value }} jobs {{ $labels.kind }} of {{ $labels.group }} wait.",
    )
    yield Alert(
        "JobsStartLate",
        "histogram_quantile(0.9, sum by (group, kind, le)"
        f" (rate(retrato_job_start_delay_seconds_bucket[5m]))) > {_DELAY_MAX_S}",
        2 * TICKET_FOR_S,
        "ticket",
        "work",
        "Jobs {{ $labels.kind }} of {{ $labels.group }} wait {{ $value | humanizeDuration }}.",
    )
    yield Alert(
        "EdgesDrift",
        "max by (group) (retrato_edges_left_alone) > 0",
        0,
        "ticket",
        "work",
        "{{ $value }} edges or counts of {{ $labels.group }} do not agree, and were not repaired.",
    )
    yield Alert(
        "StoreMismatch",
        'retrato_upkeep_is_well{command="verify-store"} == 0',
        0,
        "ticket",
        "work",
        "Database and object store did not agree when they were last compared.",
    )
