"""Prometheus metrics of the backup keeper."""

from prometheus_client import Counter, Gauge

# 0 would be the year 1970, and no reader could tell it from a moment.
UNKNOWN = float("nan")

MARK_AT = Gauge(
    "retrato_backup_restorable_until_seconds",
    "The newest moment to which everything can be restored, in Unix time; NaN if none is known.",
)
MARK_AT.set(UNKNOWN)
MISSING = Gauge(
    "retrato_backup_wal_missing_segments",
    "Segments that the archive lacks since the last full backup.",
    ["primary"],
)
HOLES = Counter("retrato_backup_wal_holes_total", "Holes found in the archive.", ["primary"])
WAITING = Gauge("retrato_backup_wal_waiting_bytes", "WAL that waits to be archived.", ["primary"])
TAKEN = Counter("retrato_backups_taken_total", "Backups taken.", ["primary", "kind"])
TAKEN_AT = Gauge(
    "retrato_backup_last_seconds",
    "When the last backup was done, in Unix time; NaN if none is known.",
    ["primary"],
)
FAILURES = Counter("retrato_backup_failures_total", "Steps that did not succeed.", ["step"])
READ_ONLY = Gauge(
    "retrato_primary_refuses_writes", "1 while a primary's disk is as good as full.", ["primary"]
)
