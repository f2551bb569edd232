"""Alerts on certificates and backups, which nobody misses until they are needed."""

from collections.abc import Iterator

from infra.certificates import RENEW_BEFORE
from infra.plan.figures import Backup
from infra.plan.parts import Plan
from infra.watching.part_alerts import PAGE_FOR_S, TICKET_FOR_S
from infra.watching.rules import Alert

_DAY_S = 86_400
_CERTIFICATE_PAGE_DAYS = 3
# A renewal may be tried for this long before somebody hears of it.
_RENEWAL_DAYS = 9
_HOUR_S = 3_600
# The keeper marks a moment at least once in this many of its rounds.
_ROUNDS_MAX = 10


def keeping_alerts(plan: Plan) -> Iterator[Alert]:
    """Yield the alerts on certificates, and on backups if there are any."""
    ticket_days = RENEW_BEFORE.days - _RENEWAL_DAYS
    left = "min by (name) (retrato_certificate_end_seconds) - time()"
    yield Alert(
        "CertificateNotRenewed",
        f"{left} < {ticket_days * _DAY_S}",
        TICKET_FOR_S,
        "ticket",
        "certificates",
        "The certificate of {{ $labels.name }} ends in {{ $value | humanizeDuration }}, and was"
        " not renewed.",
    )
    yield Alert(
        "CertificateEnds",
        f"{left} < {_CERTIFICATE_PAGE_DAYS * _DAY_S}",
        PAGE_FOR_S,
        "page",
        "certificates",
        "The certificate of {{ $labels.name }} ends in {{ $value | humanizeDuration }}.",
    )
    if plan.backup.enabled:
        yield from _backups(plan.backup)


def _backups(backup: Backup) -> Iterator[Alert]:
    behind_s = _ROUNDS_MAX * backup.wal_seconds_max
    every_s = min(backup.full_every_hours, backup.incremental_every_hours) * _HOUR_S
    yield Alert(
        "BackupTooOld",
        f"time() - {_known_or_start('retrato_backup_last_seconds')} > {2 * every_s}",
        TICKET_FOR_S,
        "ticket",
        "backups",
        "{{ $labels.primary }} has had no backup for {{ $value | humanizeDuration }}.",
    )
    yield Alert(
        "RestoreFallsBehind",
        f"time() - {_known_or_start('retrato_backup_restorable_until_seconds')} > {behind_s}",
        TICKET_FOR_S,
        "ticket",
        "backups",
        "A restore would lose the last {{ $value | humanizeDuration }}, or more.",
    )
    yield Alert(
        "ArchiveHole",
        "retrato_backup_wal_missing_segments > 0",
        TICKET_FOR_S,
        "ticket",
        "backups",
        "The archive of {{ $labels.primary }} lacks {{ $value }} segments of WAL.",
    )
    yield Alert(
        "ArchiveWaits",
        f"retrato_backup_wal_waiting_bytes > {backup.wal_waiting_bytes_max // 2}",
        TICKET_FOR_S,
        "ticket",
        "backups",
        "{{ $value | humanize1024 }}B of WAL of {{ $labels.primary }} wait to be archived; more"
        " than twice as much is dropped.",
    )


def _known_or_start(metric: str) -> str:
    """Return an expression for a moment that the keeper shows.

    While the keeper knows of none (NaN), time counts from its start: what never came is late, too.
    """
    # A process that only imports what declares the metric would show it, too.
    metric += '{job="backup-keeper"}'
    unknown = f"count by (job, instance, primary) ({metric} != {metric}) * 0"
    started = "on (job, instance) group_left () process_start_time_seconds"
    return f"({metric} >= 0 or {unknown} + {started})"
