"""What Prometheus asks: every process of the plan that shows metrics, by how it is asked.

The label `job` is the part, such as `feed` or `feed-worker`, and `instance` the process.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from infra.plan.parts import Plan, PlannedProcess
from infra.plan.watchers import NGINX_EXPORTER, REDIS_EXPORTER

# How a target proves itself, and who may ask it.
PROCESSES = "processes"  # TLS, and the operator token
WATCHERS = "watchers"  # TLS, and a certificate of a watcher
EXPORTERS = "exporters"  # TLS; what they show is of no use to others
NAMES = "names"  # neither, as the name server itself
REDIS = "redis"  # through the exporter, which is told whom to ask
GROUPS = (PROCESSES, WATCHERS, EXPORTERS, NAMES, REDIS)


@dataclass(frozen=True, slots=True)
class Target:
    """One page of metrics; for a Redis, `address` is what the exporter connects to."""

    group: str
    address: str
    job: str
    instance: str


def targets_of(plan: Plan) -> tuple[Target, ...]:
    """Return all targets of a plan with watchers, in the order of its processes."""
    return tuple(target for process in plan.processes for target in _targets(plan, process))


def exporter_of_redis(plan: Plan) -> str:
    """Return the address of the exporter that asks every Redis; "" without one of ours."""
    found = [process for process in plan.processes if process.name == REDIS_EXPORTER]
    return f"{found[0].address}:{found[0].port}" if found else ""


def file_sd(targets: tuple[Target, ...], group: str) -> list[dict[str, object]]:
    """Return a group of targets as Prometheus reads it from a file."""
    return [
        {"targets": [one.address], "labels": {"job": one.job, "instance": one.instance}}
        for one in targets
        if one.group == group
    ]


def _targets(plan: Plan, process: PlannedProcess) -> Iterator[Target]:
    found = _where(plan, process)
    if found is not None:
        group, port = found
        address = f"{process.address}:{port}"
        if group == REDIS:
            address = f"rediss://{address}"
        yield Target(group, address, process.role_of_metrics, process.name)


def _where(plan: Plan, process: PlannedProcess) -> tuple[str, int] | None:
    """Return the group and the port of a process's metrics; None if it shows none."""
    if plan.watch is None:
        return None
    if process.module:
        return PROCESSES, process.port
    if process.service == NGINX_EXPORTER:
        return EXPORTERS, process.port
    places = {
        "watcher": (WATCHERS, process.port),
        "redis": (REDIS, process.port),
        "dns": (NAMES, plan.watch.dns_port),
        "etcd": (EXPORTERS, process.port),
    }
    if plan.failover is not None:
        places["postgres"] = (EXPORTERS, plan.failover.rest_port)
    return places.get(process.kind)
