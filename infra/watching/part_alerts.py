"""Alerts on parts that are away, that start again and again, or that refuse people."""

from collections.abc import Iterator

from infra.plan.parts import Plan
from infra.plan.watchers import NGINX_EXPORTER, POSTGRES_EXPORTER, REDIS_EXPORTER
from infra.watching.rules import Alert, Record

# Two scrapes must fail: a process that restarts misses one.
PAGE_FOR_S = 20
TICKET_FOR_S = 60
# A rotation of secrets starts each process three times (offered, switched, dropped), and a deploy
# once.
_STARTS_MAX = 5
# Of all requests, refused or failed; more means that people notice.
_REFUSED_SHARE = 0.05
_FAILED_SHARE = 0.2
_REQUESTS_MIN = 1  # a second


def part_records() -> Iterator[Record]:
    """Yield the rates of requests that alerts and dashboards share."""
    yield Record(
        "route:retrato_http_requests:rate1m",
        "sum by (job, route, method, status) (rate(retrato_http_requests_total[1m]))",
    )
    yield Record(
        "service:retrato_requests:rate1m", "sum by (job) (rate(retrato_http_requests_total[1m]))"
    )
    for window in ("1m", "5m"):
        failed = f'sum by (job) (rate(retrato_http_requests_total{{status=~"5.."}}[{window}]))'
        every = f"sum by (job) (rate(retrato_http_requests_total[{window}]))"
        yield Record(f"service:retrato_requests:errors_ratio{window}", f"{failed} / {every}")
    yield Record("service:retrato_refused:rate1m", "sum by (job) (rate(retrato_refused_total[1m]))")
    yield Record("job:process_cpu:rate1m", "avg by (job) (rate(process_cpu_seconds_total[1m]))")


def part_alerts(plan: Plan) -> Iterator[Alert]:
    """Yield the alerts on processes and requests."""
    yield from _away(plan)
    yield from _others_away()
    yield from _restarts()
    yield from _requests()


def _away(plan: Plan) -> Iterator[Alert]:
    roles = {p.role_of_metrics for p in plan.processes if p.service in plan.services}
    watchers = {p.role for p in plan.processes if p.kind == "watcher"} - {POSTGRES_EXPORTER}
    of_people = "|".join(sorted(roles))
    yield Alert(
        "ServiceAway",
        f'sum by (job) (up{{job=~"{of_people}"}}) == 0',
        PAGE_FOR_S,
        "page",
        "services",
        "No process of {{ $labels.job }} answers.",
    )
    yield Alert(
        "ProcessAway",
        f'up{{job!~"{"|".join(sorted(watchers))}|{POSTGRES_EXPORTER}|redis"}} == 0',
        TICKET_FOR_S,
        "ticket",
        "services",
        "{{ $labels.instance }} has not answered for a minute.",
    )
    yield Alert(
        "BalancersAway",
        "max(nginx_up) == 0",
        PAGE_FOR_S,
        "page",
        "edge",
        "No balancer answers: nobody reaches the suite.",
    )
    yield Alert(
        "BalancerAway",
        "nginx_up == 0",
        TICKET_FOR_S,
        "ticket",
        "edge",
        f"The balancer behind {{{{ $labels.instance }}}} has not answered its {NGINX_EXPORTER} for"
        " a minute.",
    )


def _others_away() -> Iterator[Alert]:
    yield Alert(
        "NamesAway",
        'up{job="dns"} == 0',
        PAGE_FOR_S,
        "page",
        "names",
        "The name server does not answer: processes keep the last addresses that they know.",
    )
    yield Alert(
        "RedisAway",
        # If the exporter hears nothing in time, its reply may lack what it says of this Redis.
        f'redis_up == 0 or (up{{job="redis"}} == 0 and on () up{{job="{REDIS_EXPORTER}"}} == 1)',
        PAGE_FOR_S,
        "page",
        "redis",
        "{{ $labels.instance }} does not answer: reads come from Postgres, and are slower.",
    )
    yield Alert(
        "StoreAway",
        'retrato_store_answers{name="store"} == 0',
        PAGE_FOR_S,
        "page",
        "store",
        "The object store does not answer: photos cannot be uploaded, and old ones not be shown.",
    )


def _restarts() -> Iterator[Alert]:
    yield Alert(
        "ProcessStopped",
        "retrato_process_runs == 0",
        TICKET_FOR_S,
        "ticket",
        "services",
        "{{ $labels.name }} does not run, and the supervisor has not started it for a minute.",
    )
    yield Alert(
        "ProcessRestarts",
        f"changes(retrato_process_start_seconds[15m]) >= {_STARTS_MAX}",
        0,
        "ticket",
        "services",
        "{{ $labels.name }} has started {{ $value }} times in 15 minutes.",
    )


def _requests() -> Iterator[Alert]:
    busy = f'service:retrato_requests:rate1m{{job="gateway"}} > {_REQUESTS_MIN}'
    yield Alert(
        "RequestsFail",
        f'service:retrato_requests:errors_ratio1m{{job="gateway"}} > {_FAILED_SHARE} and {busy}',
        PAGE_FOR_S,
        "page",
        "services",
        "{{ $value | humanizePercentage }} of all requests fail.",
    )
    yield Alert(
        "RequestsRefused",
        f'service:retrato_refused:rate1m{{job="gateway"}}'
        f" / service:retrato_requests:rate1m > {_REFUSED_SHARE} and {busy}",
        TICKET_FOR_S,
        "ticket",
        "services",
        "{{ $value | humanizePercentage }} of all requests are refused, because too many come.",
    )
