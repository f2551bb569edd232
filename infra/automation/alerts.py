"""Alerts that ask for a reaction. Nobody is told of them, but of what is done."""

from collections.abc import Iterator
from dataclasses import replace

from infra.control.refused_writes import UPLOADS_FACTOR
from infra.plan.figures import Automation
from infra.plan.parts import Plan
from infra.watching.rules import Alert, Record

WORKER = "-worker"
# A process that uses more of what it may use answers late.
BUSY_SHARE = 0.7
# After one of n processes has left, the others have n / (n - 1) times as much, which is no reason
# to add one again: three at this share become two at half of a processor.
CALM_SHARE = 0.33
# Processors of the machine that do nothing, for one process more.
IDLE_MIN = 0.5
# Jobs that wait, for one worker more; and that no longer wait, for one fewer.
JOBS_MANY, JOBS_FEW = 200, 20
JOBS_FOR_S = 30
CALM_FOR = "5m"
# A process that runs and is silent for so long hangs.
HANGS_FOR_S = 45
FAN_OUT_LATE_S = 10
# The caretaker renews a month before the end.
_RENEWED_BY_S = 25 * 86_400
_IDLE = 'sum(rate(retrato_machine_processor_seconds_total{mode="idle"}[35s]))'
_USE = "instance:retrato_processor_use:rate30s"
_RECORDS_USE = "job:retrato_processor_use:rate30s"


def reaction_rules(plan: Plan) -> Iterator[Alert | Record]:
    """Yield the rules of a plan with automation."""
    automation = plan.automation
    if automation is None:
        return
    # Two scrapes lie within the window. An event loop uses at most one processor.
    # Processes that share a quota each use a part of it, so a quota that is spent counts as well.
    used = "rate(process_cpu_seconds_total[35s]) / on (job, instance) retrato_processors_allowed"
    spent = (
        "rate(retrato_processor_quota_periods_spent[35s])"
        " / on (job, instance) (rate(retrato_processor_quota_periods[35s]) > 0)"
    )
    marked = 'label_replace({}, "by", "{}", "", "")'
    either = f"{marked.format(used, 'time')} or {marked.format(spent, 'quota')}"
    yield Record(_USE, f"max by (job, instance) ({either})")
    yield Record(_RECORDS_USE, f"avg by (job) ({_USE})")
    yield from _services(automation, plan)
    yield from _workers(automation)
    yield from _processes(plan)
    yield from _switches(plan, automation.calm_seconds)


def _reaction(name: str, expression: str, verb: str, for_s: int, said: str, **labels: str) -> Alert:
    more = {"reaction": verb, **labels}
    return Alert(name, expression, for_s, "reaction", "automation", said, more)


def _services(automation: Automation, plan: Plan) -> Iterator[Alert]:
    roles = "|".join(sorted(plan.services))
    yield _reaction(
        "ServiceBusy",
        # On a machine that is full, one more process takes from the others what it uses.
        f'{_RECORDS_USE}{{job=~"{roles}"}} > {BUSY_SHARE} and on () {_IDLE} > {IDLE_MIN}',
        "add_replica",
        0,
        "{{ $labels.job }} uses {{ $value | humanizePercentage }} of its processors.",
    )
    yield from (
        _reaction(
            "ServiceCalm",
            f'max_over_time({_RECORDS_USE}{{job="{role}"}}[{CALM_FOR}]) < {CALM_SHARE}'
            f' and on (job) count by (job) (up{{job="{role}"}}) > {drawn}',
            "remove_replica",
            0,
            "{{ $labels.job }} needs no more than the processes of the topology.",
            target=role,
        )
        for role, drawn in sorted(automation.drawn.items())
        if not role.endswith(WORKER)
    )


def _workers(automation: Automation) -> Iterator[Alert]:
    for role, drawn in sorted(automation.drawn.items()):
        if not role.endswith(WORKER):
            continue
        group = role.removesuffix(WORKER)
        # Each worker counts all jobs of a primary.
        each = f'max by (group, primary, kind) (retrato_jobs{{group="{group}",status="queued"}})'
        waiting = f"sum by (group) ({each})"
        yield _reaction(
            "JobsPileUp",
            f"{waiting} > {JOBS_MANY}",
            "add_worker",
            JOBS_FOR_S,
            "{{ $value }} jobs of {{ $labels.group }} wait.",
            target=role,
        )
        yield _reaction(
            "JobsDone",
            f"max_over_time({waiting}[{CALM_FOR}:15s]) < {JOBS_FEW}"
            f' and on () count(up{{job="{role}"}}) > {drawn}',
            "remove_worker",
            0,
            "{{ $labels.group }} needs no more than the workers of the topology.",
            target=role,
        )


def _processes(plan: Plan) -> Iterator[Alert]:
    roles = "|".join(sorted({p.role for p in plan.processes if p.service in plan.services}))
    runs = 'label_replace(retrato_process_runs == 1, "instance", "$1", "name", "(.+)")'
    yield _reaction(
        "ProcessHangs",
        f'up{{job=~"{roles}"}} == 0 and on (instance) {runs}'
        # Otherwise Prometheus or the network is at fault.
        " and on () count(up == 0) < count(up) / 2",
        "restart_process",
        HANGS_FOR_S,
        "{{ $labels.instance }} runs and does not answer.",
    )
    yield _reaction(
        "CertificateDue",
        f'min(retrato_certificate_end_seconds{{name!="authority"}}) - time() < {_RENEWED_BY_S}',
        "renew_certificates",
        0,
        "A certificate ends within 25 days.",
    )


def _switches(plan: Plan, calm_s: int) -> Iterator[Alert]:
    """Yield what is switched, and switched back when all has been well for `calm_s` seconds.

    The switch itself ends what raised it: without a wait it would be turned on and off for ever.
    """
    yield from (replace(alert, calm_s=calm_s) for alert in _switched(plan))


def _switched(plan: Plan) -> Iterator[Alert]:
    # As the keeper of backups does for each primary, also if there is no keeper.
    floor_bytes = UPLOADS_FACTOR * plan.limits.postgres_free_bytes_min
    # By how late jobs start: those that were put off are queued too, and start when they are due.
    late = 'sum by (le) (rate(retrato_job_start_delay_seconds_bucket{kind=~"fan_out.*"}[1m]))'
    yield _reaction(
        "FanOutLate",
        f"histogram_quantile(0.9, {late}) > {FAN_OUT_LATE_S}",
        "pause_fan_out",
        JOBS_FOR_S,
        "Deliveries of posts start {{ $value | humanizeDuration }} late.",
    )
    yield _reaction(
        "NoRoomForPhotos",
        f"min(retrato_disk_free_bytes) < {floor_bytes}",
        "refuse_uploads",
        0,
        "Only {{ $value | humanize1024 }}B of a disk are free.",
    )
