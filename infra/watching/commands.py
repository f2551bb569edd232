"""The command lines of the watchers, which are Debian's programs."""

from collections.abc import Callable
from pathlib import Path

from infra.plan.figures import Watch
from infra.plan.parts import PlannedProcess
from infra.plan.watchers import (
    ALERTMANAGER,
    NGINX_EXPORTER,
    POSTGRES_EXPORTER,
    PROMETHEUS,
    REDIS_EXPORTER,
)
from infra.programs import program
from infra.suite import Suite

Words = tuple[str, ...]
# The user with which the exporter asks every Redis.
REDIS_MONITOR = "monitor"


def watcher_command(suite: Suite, planned: PlannedProcess) -> Words:
    """Return the command of a watcher; raises ProgramMissing."""
    watch = suite.plan.watch
    if watch is None:
        raise ValueError(f"{planned.name} is drawn without watchers")
    return _COMMANDS[planned.role](suite, planned, watch)


def folder_of(suite: Suite, role: str) -> Path:
    """Return the folder of a watcher's configuration."""
    return suite.folder.etc / role


def _prometheus(suite: Suite, planned: PlannedProcess, watch: Watch) -> Words:
    etc = folder_of(suite, PROMETHEUS)
    return (
        program("prometheus"),
        f"--config.file={etc / 'prometheus.yml'}",
        *_web(planned, etc),
        f"--web.external-url=https://{planned.address}:{planned.port}/",
        f"--storage.tsdb.path={suite.folder.data / PROMETHEUS}",
        f"--storage.tsdb.retention.time={watch.keep_days}d",
        f"--storage.tsdb.retention.size={watch.keep_bytes}",
        "--storage.tsdb.wal-compression",
        # A query of a person may not slow down what watches.
        "--query.max-concurrency=4",
        "--query.timeout=20s",
        "--log.level=warn",
    )


def _web(planned: PlannedProcess, etc: Path) -> Words:
    """Return the words that say where a watcher answers, and to whom."""
    return (
        f"--web.listen-address={planned.address}:{planned.port}",
        f"--web.config.file={etc / 'web.yml'}",
    )


def _alertmanager(suite: Suite, planned: PlannedProcess, _watch: Watch) -> Words:
    etc = folder_of(suite, ALERTMANAGER)
    return (
        program("prometheus-alertmanager"),
        f"--config.file={etc / 'alertmanager.yml'}",
        *_web(planned, etc),
        f"--web.external-url=https://{planned.address}:{planned.port}/",
        f"--storage.path={suite.folder.data / ALERTMANAGER}",
        # There is only one, which needs no port for others.
        "--cluster.listen-address=",
        "--log.level=warn",
    )


def _postgres_exporter(suite: Suite, planned: PlannedProcess, _watch: Watch) -> Words:
    etc = folder_of(suite, POSTGRES_EXPORTER)
    return (
        program("prometheus-postgres-exporter"),
        *_web(planned, etc),
        f"--extend.query-path={etc / 'queries.yml'}",
        # Its own queries make hundreds of series of each server, most of which nobody reads.
        "--disable-default-metrics",
        "--disable-settings-metrics",
        "--no-collector.database",
        "--no-collector.bgwriter",
        "--log.level=warn",
    )


def _redis_exporter(suite: Suite, planned: PlannedProcess, watch: Watch) -> Words:
    tls = suite.folder.pki / REDIS_EXPORTER
    return (
        program("prometheus-redis-exporter"),
        f"-web.listen-address={planned.address}:{planned.port}",
        f"-tls-server-cert-file={tls}.crt",
        f"-tls-server-key-file={tls}.key",
        f"-tls-server-ca-cert-file={suite.ca_file}",
        f"-tls-ca-cert-file={suite.ca_file}",
        # Each scrape names its Redis.
        "-redis.addr=",
        f"-redis.user={REDIS_MONITOR}",
        # By itself it waits 15 seconds for a frozen Redis, and Prometheus would hear nothing.
        f"-connection-timeout={watch.exporter_timeout_seconds}s",
        "-log-format=json",
    )


def _nginx_exporter(suite: Suite, planned: PlannedProcess, watch: Watch) -> Words:
    tls = suite.folder.pki / NGINX_EXPORTER
    return (
        program("prometheus-nginx-exporter"),
        f"-web.listen-address={planned.address}:{planned.port}",
        "-web.secured-metrics=true",
        f"-web.ssl-server-cert={tls}.crt",
        f"-web.ssl-server-key={tls}.key",
        f"-nginx.scrape-uri=http://{planned.address}:{watch.nginx_status_port}/status",
        f"-nginx.timeout={watch.exporter_timeout_seconds}s",
        # A balancer that starts again may be away for a moment.
        "-nginx.retries=3",
    )


_COMMANDS: dict[str, Callable[[Suite, PlannedProcess, Watch], Words]] = {
    PROMETHEUS: _prometheus,
    ALERTMANAGER: _alertmanager,
    POSTGRES_EXPORTER: _postgres_exporter,
    REDIS_EXPORTER: _redis_exporter,
    NGINX_EXPORTER: _nginx_exporter,
}
