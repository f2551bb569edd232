"""Alerts on what watches, and the one that always fires so that its absence is noticed."""

from collections.abc import Iterator

from infra.plan.parts import Plan
from infra.plan.watchers import POSTGRES_EXPORTER
from infra.watching.part_alerts import TICKET_FOR_S
from infra.watching.rules import Alert

HEARTBEAT = "Heartbeat"


def watch_alerts(plan: Plan) -> Iterator[Alert]:
    """Yield the alerts on the watchers themselves."""
    watchers = {p.role for p in plan.processes if p.kind == "watcher"} - {POSTGRES_EXPORTER}
    yield Alert(
        HEARTBEAT,
        "vector(1)",
        0,
        "none",
        "watch",
        "Prometheus and Alertmanager work. Raise the alarm when this stops.",
    )
    yield Alert(
        "WatcherAway",
        f'up{{job=~"{"|".join(sorted(watchers))}"}} == 0',
        TICKET_FOR_S,
        "ticket",
        "watch",
        "{{ $labels.instance }} has not answered for a minute: what it tells is not known.",
    )
    yield Alert(
        "AlertsNotSent",
        "sum by (integration) (increase(alertmanager_notifications_failed_total[5m])) > 0",
        TICKET_FOR_S,
        "ticket",
        "watch",
        "{{ $value }} notifications by {{ $labels.integration }} failed.",
    )
    yield Alert(
        "RulesFail",
        "sum(increase(prometheus_rule_evaluation_failures_total[5m])) > 0",
        TICKET_FOR_S,
        "ticket",
        "watch",
        "Rules could not be evaluated: some alerts cannot fire.",
    )
