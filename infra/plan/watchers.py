"""The processes that watch the others: Prometheus, Alertmanager and the exporters."""

from collections.abc import Iterator

from infra.plan.parts import PlannedProcess
from infra.plan.secret_names import FOR_OPERATORS, WATCH_MAIL, WATCH_POSTGRES, WATCH_REDIS
from infra.topology import Topology

PROMETHEUS = "prometheus"
ALERTMANAGER = "alertmanager"
POSTGRES_EXPORTER = "postgres-exporter"
REDIS_EXPORTER = "redis-exporter"
NGINX_EXPORTER = "nginx-exporter"
# By service: where each says that it is well.
READY_PATHS = {
    PROMETHEUS: "/-/ready",
    ALERTMANAGER: "/-/ready",
    POSTGRES_EXPORTER: "/",
    REDIS_EXPORTER: "/health",
    NGINX_EXPORTER: "/",
}


def watchers(topology: Topology) -> Iterator[PlannedProcess]:
    """Yield the watchers of a suite, if it is watched; exporters come first."""
    watch = topology.watch
    if watch is None:
        return
    has_databases = any(group.external is None for group in topology.groups.values())
    has_redises = any(redis.external is None for redis in topology.redises.values())
    postgres = (POSTGRES_EXPORTER, watch.postgres_exporter_port, (), (WATCH_POSTGRES,))
    redis = (REDIS_EXPORTER, watch.redis_exporter_port, (), (WATCH_REDIS,))
    ours: tuple[tuple[str, int, tuple[str, ...], tuple[str, ...]], ...] = (
        # Whoever runs servers elsewhere also watches them.
        *((postgres,) if has_databases else ()),
        *((redis,) if has_redises else ()),
        (ALERTMANAGER, watch.alertmanager_port, (ALERTMANAGER,), _mail_secrets(topology)),
        (PROMETHEUS, watch.prometheus_port, (PROMETHEUS,), (FOR_OPERATORS,)),
    )
    for number, address in enumerate(topology.nginx.replicas, 1):
        yield PlannedProcess(
            name=f"{NGINX_EXPORTER}-{number}",
            kind="watcher",
            service=NGINX_EXPORTER,
            host=topology.hosts[0],
            address=address,
            port=watch.nginx_exporter_port,
        )
    for name, port, volumes, secrets in ours:
        yield PlannedProcess(
            name=name,
            kind="watcher",
            service=name,
            host=topology.hosts[0],
            address=watch.address,
            port=port,
            volumes=volumes,
            secrets=secrets,
        )


def _mail_secrets(topology: Topology) -> tuple[str, ...]:
    watch = topology.watch
    return (WATCH_MAIL,) if watch is not None and watch.mail.user else ()
