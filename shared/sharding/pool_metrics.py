"""Prometheus metrics of a shard group's pools and replicas."""

from prometheus_client import Counter, Gauge, Histogram

POOL_CONNECTIONS = Gauge(
    "retrato_postgres_pool_connections",
    "Open connections of a pool.",
    ["group", "node", "state"],
)
POOL_WAITING = Gauge(
    "retrato_postgres_pool_waiting", "Requests for a connection of a pool.", ["group", "node"]
)
ACQUIRE_SECONDS = Histogram(
    "retrato_postgres_acquire_seconds",
    "Time until a pool gave a connection.",
    ["group", "node"],
    buckets=(0.0005, 0.002, 0.01, 0.05, 0.2, 1, 5),
)
FAULTS = Counter(
    "retrato_postgres_faults_total",
    "Statements that failed because a node could not be reached.",
    ["group", "node", "kind"],
)
REPLICA_LAG_SECONDS = Gauge(
    "retrato_postgres_replica_lag_seconds",
    "Age of the newest state of the primary that a replica is known to hold.",
    ["group", "node"],
)
SHARDS_MOVED = Counter(
    "retrato_shards_moved_total",
    "Statements that found their shard on another primary than the map had said.",
    ["group"],
)
STAND_IN_READS = Counter(
    "retrato_postgres_stand_in_reads_total",
    "Statements that a replica answered because its primary could not be reached.",
    ["group", "node"],
)
LEADER_CHANGES = Counter(
    "retrato_postgres_leader_changes_total",
    "How often this process found another member leading than before.",
    ["group", "primary"],
)
