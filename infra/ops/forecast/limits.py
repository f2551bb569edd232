"""What can run out: how much is used in each hour, and where the limit is."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scarce:
    """A resource: both queries have the label `label`, if any, and `used` is for one hour."""

    name: str
    title: str
    unit: str
    label: str
    used: str
    limit: str


SCARCE = (
    Scarce(
        "disk",
        "Disk",
        "bytes",
        "place",
        "max by (place) (max_over_time(retrato_disk_size_bytes[1h]) - on (place)"
        " min_over_time(retrato_disk_free_bytes[1h]))",
        "max by (place) (retrato_disk_size_bytes)",
    ),
    Scarce(
        "connections",
        "Connections to Postgres",
        "count",
        "member",
        "max by (member) (max_over_time(pg_connections_open[1h]))",
        "max by (member) (pg_connections_max)",
    ),
    Scarce(
        "processors",
        "Processors",
        "count",
        # There is one machine so far.
        "",
        'sum(rate(retrato_machine_processor_seconds_total{mode!="idle"}[1h]))',
        "max(retrato_machine_processors)",
    ),
    Scarce(
        "redis",
        "Memory of Redis",
        "bytes",
        "instance",
        "max by (instance) (max_over_time(redis_memory_used_bytes[1h]))",
        "max by (instance) (redis_memory_max_bytes > 0)",
    ),
)
# What people ask for in an hour, for the peaks and the quiet hours.
LOAD = 'sum(rate(retrato_http_requests_total{job="gateway"}[1h]))'
