"""For each alert, series with which it fires, and series close to these with which it does not.

A value such as `1x4 0x40` is five scrapes with 1, then 41 with 0; `0+30x40` rises by 30 at each.
"""

import re
from collections.abc import Iterator

from infra.plan.parts import Plan
from infra.watching.objectives import OBJECTIVES, Objective
from tests.infra.watching.case import Case, Series
from tests.infra.watching.reaction_cases import reaction_cases

_DAY = 86_400
_GIB = 1_073_741_824


def cases(plan: Plan) -> Iterator[Case]:
    """Yield at least one case for each alert of a plan with failover and backups."""
    yield from _parts()
    yield from _requests()
    yield from _databases(plan)
    yield from _replicas()
    yield from _disks()
    yield from _work()
    yield from _keeping()
    yield from _watchers()
    yield from _objectives()
    yield from reaction_cases()


def _parts() -> Iterator[Case]:
    feed_1, feed_2 = (f'up{{job="feed",instance="feed-{n}"}}' for n in (1, 2))
    lost, one_scrape, well = "1x4 0x60", "1x28 0 1x40", "1x60"
    yield Case("ServiceAway", {feed_1: lost, feed_2: lost}, ({feed_1: lost, feed_2: well},))
    yield Case("ProcessAway", {feed_1: lost, feed_2: well}, ({feed_1: one_scrape},))
    nginx_1, nginx_2 = (f'nginx_up{{instance="nginx-exporter-{n}"}}' for n in (1, 2))
    yield Case("BalancersAway", {nginx_1: lost, nginx_2: lost}, ({nginx_1: lost, nginx_2: well},))
    yield Case("BalancerAway", {nginx_1: lost, nginx_2: well}, ({nginx_1: one_scrape},))
    dns = 'up{job="dns",instance="dns"}'
    yield Case("NamesAway", {dns: lost}, ({dns: one_scrape},))
    redis = 'redis_up{instance="redis-feed"}'
    yield Case("RedisAway", {redis: lost}, ({redis: one_scrape},))
    asked, exporter = 'up{job="redis",instance="redis-feed"}', 'up{job="redis-exporter"}'
    # Frozen: the exporter's reply comes too late to be read.
    frozen = {redis: "1x4 _x60", asked: lost}
    yield Case("RedisAway", {**frozen, exporter: well}, ({**frozen, exporter: lost},))
    store = 'retrato_store_answers{name="%s"}'
    yield Case(
        "StoreAway",
        {store % "store": lost},
        ({store % "store": one_scrape}, {store % "backup-store": lost}),
    )
    runs = 'retrato_process_runs{name="fence-feed-a",service="fence"}'
    yield Case("ProcessStopped", {runs: lost}, ({runs: one_scrape},))
    started = 'retrato_process_start_seconds{name="feed-1",service="feed"}'
    # A deploy; a rotation of secrets and a deploy.
    calm = ({started: "1x4 2x60"}, {started: "1x3 2x3 3x3 4x3 5x40"})
    yield Case("ProcessRestarts", {started: "1x3 2x3 3x3 4x3 5x3 6x40"}, calm)


def _requests() -> Iterator[Case]:
    of = 'retrato_http_requests_total{job="gateway",route="/v1/posts",method="GET"'
    good, bad = f'{of},status="200"}}', f'{of},status="503"}}'
    yield Case(
        "RequestsFail",
        {good: "0+60x60", bad: "0+60x60"},
        ({good: "0+60x60", bad: "0+6x60"}, {good: "0+1x60", bad: "0+1x60"}),
    )
    refused = 'retrato_refused_total{job="gateway",place="gateway",reason="wait"}'
    yield Case(
        "RequestsRefused",
        {good: "0+60x60", refused: "0+10x60"},
        (
            {good: "0+60x60", refused: "0+1x60"},
            {good: "0+1x60", refused: "0+1x60"},
            # A crowd of which too few were refused, and which has gone.
            {good: "0+60x24 1460+20x40", refused: "0+2.9x24 70x40"},
        ),
    )


def _databases(plan: Plan) -> Iterator[Case]:
    asked = {'up{job="postgres-exporter",instance="postgres-exporter"}': "1x60"}
    unseen = dict.fromkeys(asked, "1x4 0x60")
    every = {
        f'pg_server_answers{{database="{one.database}",member="{one.name}",role="{role}"}}': "1x60"
        for one in plan.members
        for role in ("primary" if one.index == 1 else "replica",)
    }
    first = next(iter(every))
    replica = next(series for series in every if "replica" in series)
    lost = "1x4 _x60"
    yield Case("DatabasesUnseen", unseen, (asked,))
    yield Case(
        "PrimaryAway",
        {**asked, **every, first: lost},
        ({**asked, **every}, unseen, {**asked, **every, first: "1x28 _ 1x40"}),
    )
    yield Case(
        "DatabaseServerAway",
        {**asked, **every, replica: lost},
        ({**asked, **every}, unseen, {**asked, **every, replica: "1x28 _ 1x40"}),
    )


def _replicas() -> Iterator[Case]:
    of = 'member="feed-a",database="feed-a"'
    streaming = f"pg_replicas_streaming{{{of}}}"
    primary = {f'pg_server_answers{{{of},role="primary"}}': "1x60"}
    replica = {f'pg_server_answers{{{of},role="replica"}}': "1x60"}
    yield Case(
        "NoReplica",
        {**primary, streaming: "1x4 0x60"},
        ({**primary, streaming: "1x60"}, {**replica, streaming: "0x60"}),
    )
    lag = 'retrato_postgres_replica_lag_seconds{group="feed",node="feed-a-replica"}'
    yield Case("ReplicaLags", {lag: "0+1x60"}, ({lag: "8x60"}, {lag: "0x28 20 0x40"}))
    unsynced = 'retrato_database_unsynced_seconds{database="feed-a"}'
    yield Case("NoStandbyInSync", {unsynced: "0+15x60"}, ({unsynced: "0 10 20 0x60"},))
    taken, most = f"pg_connections_open{{{of}}}", {f"pg_connections_max{{{of}}}": "100x60"}
    yield Case("ConnectionsScarce", {**most, taken: "90x60"}, ({**most, taken: "70x60"},))
    oldest = f"pg_connections_oldest_transaction_seconds{{{of}}}"
    yield Case("TransactionTooLong", {oldest: "0+15x60"}, ({oldest: "0+7x60"},))


def _disks() -> Iterator[Case]:
    size = {'retrato_disk_size_bytes{place="run"}': f"{100 * _GIB}x120"}
    free = 'retrato_disk_free_bytes{place="run"}'
    falls = f"{40 * _GIB}-{_GIB // 100}x120"
    yield Case(
        "DiskFillsWithinADay",
        {**size, free: falls},
        ({**size, free: f"{40 * _GIB}-100x120"}, {**size, free: f"{90 * _GIB}-{_GIB // 100}x120"}),
        at_s=1_500,
    )
    yield Case("DiskNearlyFull", {free: f"{_GIB}x60"}, ({free: f"{3 * _GIB}x60"},))
    refuses = 'retrato_primary_refuses_writes{primary="feed-a"}'
    yield Case("WritesRefused", {refuses: "1x60"}, ({refuses: "0x60"},))


def _work() -> Iterator[Case]:
    of = 'group="feed",primary="feed-a"'
    oldest, parked = (f"retrato_outbox_{what}{{{of}}}" for what in ("oldest_seconds", "parked"))
    yield Case("OutboxOld", {oldest: "0+15x60"}, ({oldest: "30x60"},))
    yield Case("OutboxParked", {parked: "0x4 1x60"}, ({parked: "0x60"},))
    jobs = f'retrato_jobs{{{of},kind="fan_out",status="queued"}}'
    twice = {jobs.replace("{", f'{{instance="feed-worker-{n}",'): "400x60" for n in (1, 2)}
    yield Case("JobsWait", {jobs: "900x60"}, ({jobs: "400x60"}, twice, {jobs: "0x28 900x2 0x60"}))
    delay = 'retrato_job_start_delay_seconds_bucket{group="feed",kind="fan_out",le="%s"}'
    late = {delay % "10": "0x60", delay % "120": "0+9x60", delay % "+Inf": "0+10x60"}
    early = {delay % "10": "0+9x60", delay % "120": "0+9x60", delay % "+Inf": "0+9x60"}
    yield Case("JobsStartLate", late, (early,))
    left = 'retrato_edges_left_alone{group="users"}'
    yield Case("EdgesDrift", {left: "3x60"}, ({left: "0x60"},))
    compared = 'retrato_upkeep_is_well{command="%s"}'
    store = compared % "verify-store"
    yield Case("StoreMismatch", {store: "0x60"}, ({store: "1x60"}, {compared % "sweep": "0x60"}))


def _keeping() -> Iterator[Case]:
    ends = 'retrato_certificate_end_seconds{name="feed-1"}'
    days = {n: {ends: f"{n * _DAY}x60"} for n in (2, 20, 22)}
    yield Case("CertificateNotRenewed", days[20], (days[22],))
    yield Case("CertificateEnds", days[2], (days[20],))
    of = '{primary="feed-a"}'
    keeper = '{job="backup-keeper",instance="backup-keeper"}'
    taken = 'retrato_backup_last_seconds{job="backup-keeper",instance="backup-keeper",primary="a"}'
    yield Case("BackupTooOld", {taken: "0x60"}, ({taken: "0+600x60"},), step_s=600, at_s=3 * 3_600)
    until = f"retrato_backup_restorable_until_seconds{keeper}"
    # Whoever imports the keeper's code shows the metric, but knows nothing.
    other = 'retrato_backup_restorable_until_seconds{job="caretaker",instance="caretaker"}'
    calm = ({until: "0+15x90"}, {until: "0+15x90", other: "0x90"})
    yield Case("RestoreFallsBehind", {until: "0x90"}, calm, at_s=900)
    never = " ".join(["NaN"] * 90)
    # The keeper knows of none: late once it has run for so long, and not before.
    started = f"process_start_time_seconds{keeper}"
    yield Case(
        "BackupTooOld",
        {taken: never, started: "0x60"},
        ({taken: never, started: "7200x60"},),
        step_s=600,
        at_s=3 * 3_600,
    )
    yield Case(
        "RestoreFallsBehind",
        {until: never, started: "0x90"},
        ({until: never, started: "600x90"},),
        at_s=900,
    )
    missing = f"retrato_backup_wal_missing_segments{of}"
    yield Case("ArchiveHole", {missing: "0x4 2x60"}, ({missing: "0x28 1 0x40"},))
    waiting = f"retrato_backup_wal_waiting_bytes{of}"
    yield Case("ArchiveWaits", {waiting: f"{_GIB // 2}x60"}, ({waiting: f"{_GIB // 8}x60"},))


def _watchers() -> Iterator[Case]:
    yield Case("Heartbeat", {"up": "1x60"}, ())
    exporter = 'up{job="redis-exporter",instance="redis-exporter"}'
    yield Case("WatcherAway", {exporter: "1x4 0x60"}, ({exporter: "1x28 0 1x40"},))
    failed = 'alertmanager_notifications_failed_total{integration="webhook"}'
    yield Case("AlertsNotSent", {failed: "0+1x60"}, ({failed: "7x60"},))
    rules = 'prometheus_rule_evaluation_failures_total{rule_group="parts"}'
    yield Case("RulesFail", {rules: "0+1x60"}, ({rules: "7x60"},))


def _objectives() -> Iterator[Case]:
    for objective in OBJECTIVES:
        for window, step_s, at_s, factor in (
            ("1h", 60, 3_600, 20),
            ("6h", 300, 21_600, 8),
            ("3d", 3_600, 262_800, 2),
        ):
            # Of 1000 events a step, so many are bad, or as many as the objective allows.
            bad = round(1000 * factor * objective.allowed)
            allowed = round(1000 * objective.allowed)
            yield Case(
                "ObjectiveMissed",
                _events(objective, 1000, bad),
                (_events(objective, 1000, allowed * 0.6), _events(objective, 0.1, 0.1)),
                step_s=step_s,
                at_s=at_s,
                labels={"objective": objective.name, "window": window},
            )


def _events(objective: Objective, every: float, bad: float) -> Series:
    """Return what a process shows if so many of its events in each step are too slow.

    The series are those that the rule names; another test compares these with real ones.
    """
    quick = re.findall(r"\w+_bucket\{[^}]*\}", objective.bad)[0]
    count = re.findall(r"\w+_count(?:\{[^}]*\})?", objective.all)[0]
    return {count: f"0+{every}x80", quick: f"0+{every - bad}x80"}
