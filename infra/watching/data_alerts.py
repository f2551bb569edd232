"""Alerts on databases and disks: who leads, who follows, and whether there is space."""

from collections.abc import Iterator

from infra.control.refused_writes import UPLOADS_FACTOR
from infra.plan.parts import Plan
from infra.plan.watchers import POSTGRES_EXPORTER
from infra.watching.part_alerts import PAGE_FOR_S, TICKET_FOR_S
from infra.watching.rules import Alert

_LAG_MAX_S = 10
_CONNECTIONS_SHARE = 0.8
_TRANSACTION_MAX_S = 300
_DAY_S = 86_400
# A disk with more free space than this share does not count as filling.
_FREE_SHARE = 0.5
_IS_ASKED = f'and on () (up{{job="{POSTGRES_EXPORTER}"}} == 1)'


def data_alerts(plan: Plan) -> Iterator[Alert]:
    """Yield the alerts on databases and disks."""
    if plan.databases:
        yield from _servers(plan)
    if any(len(database.members) > 1 for database in plan.databases):
        yield from _replicas(plan)
    yield from _work()
    yield from _disks(plan)


def _servers(plan: Plan) -> Iterator[Alert]:
    yield Alert(
        "DatabasesUnseen",
        f'up{{job="{POSTGRES_EXPORTER}"}} == 0',
        PAGE_FOR_S,
        "page",
        "databases",
        "The exporter of the databases does not answer: it is away, or a server hangs.",
    )
    primaries = " or ".join(
        f'absent(pg_server_answers{{database="{one.name}",role="primary"}})'
        for one in plan.databases
    )
    yield Alert(
        "PrimaryAway",
        f"({primaries}) {_IS_ASKED}",
        PAGE_FOR_S,
        "page",
        "databases",
        "No primary of {{ $labels.database }} answers: writes to its shards are refused.",
    )
    members = " or ".join(
        f'absent(pg_server_answers{{database="{one.database}",member="{one.name}"}})'
        for one in plan.members
    )
    yield Alert(
        "DatabaseServerAway",
        f"({members}) {_IS_ASKED}",
        TICKET_FOR_S,
        "ticket",
        "databases",
        "The database server {{ $labels.member }} has not answered for a minute.",
    )


def _replicas(plan: Plan) -> Iterator[Alert]:
    yield Alert(
        "NoReplica",
        'pg_replicas_streaming == 0 and on (member) pg_server_answers{role="primary"} == 1',
        TICKET_FOR_S,
        "ticket",
        "databases",
        "No replica follows {{ $labels.member }}: the loss of its disk would cost what is newest.",
    )
    yield Alert(
        "ReplicaLags",
        f"max by (group, node) (retrato_postgres_replica_lag_seconds) > {_LAG_MAX_S}",
        TICKET_FOR_S,
        "ticket",
        "databases",
        "The replica {{ $labels.node }} is {{ $value | humanizeDuration }} behind.",
    )
    if plan.failover is not None:
        # The caretaker looks every five seconds, and counts from the last time all was well.
        yield Alert(
            "NoStandbyInSync",
            f"retrato_database_unsynced_seconds > {plan.failover.unsynced_seconds}",
            0,
            "page",
            "databases",
            "{{ $labels.database }} has had no member in sync for"
            " {{ $value | humanizeDuration }}: a second loss would cost acknowledged writes.",
        )


def _work() -> Iterator[Alert]:
    yield Alert(
        "ConnectionsScarce",
        f"pg_connections_open / pg_connections_max > {_CONNECTIONS_SHARE}",
        TICKET_FOR_S,
        "ticket",
        "databases",
        "{{ $value | humanizePercentage }} of the connections of {{ $labels.member }} are in use.",
    )
    yield Alert(
        "TransactionTooLong",
        f"pg_connections_oldest_transaction_seconds > {_TRANSACTION_MAX_S}",
        0,
        "ticket",
        "databases",
        "A transaction on {{ $labels.member }} is {{ $value | humanizeDuration }} old.",
    )


def _disks(plan: Plan) -> Iterator[Alert]:
    floor_bytes = plan.limits.postgres_free_bytes_min
    yield Alert(
        "DiskFillsWithinADay",
        f"predict_linear(retrato_disk_free_bytes[1h], {_DAY_S}) < {floor_bytes}"
        f" and retrato_disk_free_bytes / retrato_disk_size_bytes < {_FREE_SHARE}",
        15 * TICKET_FOR_S,
        "ticket",
        "disks",
        "The disk of {{ $labels.place }} is full within a day, if it fills as in the last hour.",
    )
    yield Alert(
        "DiskNearlyFull",
        f"retrato_disk_free_bytes < {UPLOADS_FACTOR * floor_bytes}",
        0,
        "page",
        "disks",
        "The disk of {{ $labels.place }} has {{ $value | humanize1024 }}B left: uploads are"
        " refused, and soon all writes.",
    )
    yield Alert(
        "WritesRefused",
        "retrato_primary_refuses_writes == 1",
        0,
        "page",
        "disks",
        "{{ $labels.primary }} refuses writes, because its disk is full.",
    )
