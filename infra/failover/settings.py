"""The settings that all members of a database share, which Patroni keeps in etcd."""

from typing import Any

from infra.plan.figures import Failover, Limits
from infra.plan.parts import Database

# With so many members one may be lost, and a write still reaches two.
_STRICT_FROM_MEMBERS = 3
# A follower that lacks more of the log than a segment is not promoted, in sync or not.
_LAG_BYTES_MAX = 16 * 1024**2
# A shutdown that takes longer is cut short, because the other member waits for it.
_STOP_SECONDS = 10


def always_waits(database: Database) -> bool:
    """Whether a write waits for another member even while none is there."""
    return len(database.members) >= _STRICT_FROM_MEMBERS


def shared_settings(database: Database, failover: Failover, limits: Limits) -> dict[str, Any]:
    """Return the settings of a database's members.

    With two members a write waits for the other one only while that is there: else a failover
    would end all writes until the lost member is back. A member that was not in sync is never
    promoted.
    """
    return {
        "ttl": failover.lease_seconds,
        "loop_wait": failover.loop_seconds,
        "retry_timeout": failover.retry_seconds,
        "maximum_lag_on_failover": _LAG_BYTES_MAX,
        "synchronous_mode": True,
        "synchronous_mode_strict": always_waits(database),
        "synchronous_node_count": 1,
        # Without etcd a leader goes on as long as all members say that it leads.
        "failsafe_mode": True,
        # A crashed server is replaced at once, because its recovery may take minutes.
        "primary_start_timeout": 0,
        "primary_stop_timeout": _STOP_SECONDS,
        "postgresql": {
            "use_pg_rewind": True,
            "use_slots": True,
            # Patroni passes these itself, because a follower must not have less than its leader.
            "parameters": {
                "max_connections": limits.postgres_connections_max,
                "max_locks_per_transaction": 256,
                "max_worker_processes": 16,
                "max_wal_senders": 10,
                "max_replication_slots": 10,
                "max_prepared_transactions": 0,
                "wal_level": "logical",
                "wal_log_hints": "on",
                "hot_standby": "on",
            },
        },
    }
