"""Cases of the alerts that ask for a reaction; a value is as in `cases.py`."""

from collections.abc import Iterator

from tests.infra.watching.case import Case, Series

_FAN_OUTS = 'retrato_job_start_delay_seconds_bucket{kind="fan_out",le="%s"}'
# 480 s of scrapes, in which a process uses so many seconds of its processor in 15 s.
_BUSY, _MIDDLE, _CALM = "0+12x40", "0+7.5x40", "0+3x40"


def _feeds(uses: str, count: int, allowed: str = "1x40") -> Series:
    series = {}
    for number in range(1, count + 1):
        of = f'job="feed",instance="feed-{number}"'
        series[f"process_cpu_seconds_total{{{of}}}"] = uses
        series[f"retrato_processors_allowed{{{of}}}"] = allowed
        series[f"up{{{of}}}"] = "1x40"
    return series


def reaction_cases() -> Iterator[Case]:
    """Yield at least one case for each alert that asks for a reaction."""
    idle = 'retrato_machine_processor_seconds_total{job="caretaker",mode="idle"}'
    # Of 15 s, a processor was idle for all but one, or for less than half.
    room, full = {idle: "0+14x40"}, {idle: "0+7x40"}
    busy = _feeds(_BUSY, 2)
    yield Case(
        "ServiceBusy",
        {**busy, **room},
        ({**busy, **full}, {**_feeds(_MIDDLE, 2), **room}, {**_feeds(_CALM, 3), **room}),
    )
    # 12 % of a processor are busy for a process that may use 15.
    little = _feeds("0+1.8x40", 2)
    yield Case("ServiceBusy", {**_feeds("0+1.8x40", 2, "0.15x40"), **room}, ({**little, **room},))
    # Two processes share 15 % of a processor, of which each uses half.
    shared = _feeds("0+1.1x40", 2, "0.15x40")
    yield Case("ServiceBusy", {**shared, **_quota("0+140x40"), **room}, ({**shared, **room},))
    yield Case("ServiceBusy", {**busy, **room}, ({**shared, **_quota("0+15x40"), **room},))
    lately_busy = _feeds("0+7.5x24 180+0x16", 3)
    yield Case("ServiceCalm", _feeds(_CALM, 3), (_feeds(_CALM, 2), _feeds(_MIDDLE, 3), lately_busy))
    yield from _workers()
    yield from _processes()
    bucket = _FAN_OUTS
    late = {bucket % "5": "0+8x40", bucket % "30": "0+10x40", bucket % "+Inf": "0+10x40"}
    soon = {bucket % "5": "0+9x40", bucket % "30": "0+10x40", bucket % "+Inf": "0+10x40"}
    yield Case("FanOutLate", late, (soon, _paused_after(4)))
    # A pause ends the delays at once, which is no reason to end the pause.
    yield Case("FanOutLate", _paused_after(16), ())
    disk = 'retrato_disk_free_bytes{place="the suite"}'
    yield Case("NoRoomForPhotos", {disk: "2000000000x40"}, ({disk: "2500000000x40"},))
    freed = "2000000000x%d 2500000000x40"
    yield Case("NoRoomForPhotos", {disk: freed % 16}, ({disk: freed % 4},))


def _quota(spent: str) -> Series:
    """Return two processes of feed whose shared quota had 150 periods for each scrape."""
    return {
        f'retrato_processor_quota_periods{what}{{job="feed",instance="feed-{n}"}}': counted
        for what, counted in (("", "0+150x40"), ("_spent", spent))
        for n in (1, 2)
    }


def _paused_after(scrapes: int) -> Series:
    """Return deliveries that are late, of which none starts any more after so many scrapes."""
    starts = {"5": 8, "30": 10, "+Inf": 10}
    return {
        _FAN_OUTS % le: f"0+{number}x{scrapes} {number * scrapes}x40"
        for le, number in starts.items()
    }


def _workers() -> Iterator[Case]:
    waiting = 'retrato_jobs{group="upload",primary="upload-%s",kind="process",status="queued"}'
    many = {waiting % "a": "150x40", waiting % "b": "51x40"}
    few = {waiting % "a": "150x40", waiting % "b": "50x40"}
    yield Case("JobsPileUp", many, (few, _as_two_workers_count(few)))
    workers = {f'up{{job="upload-worker",instance="upload-worker-{n}"}}': "1x40" for n in (1, 2)}
    alone = {'up{job="upload-worker",instance="upload-worker-1"}': "1x40"}
    done, hardly = {waiting % "a": "3x40"}, {waiting % "a": "3x20 30 3x19"}
    yield Case("JobsDone", {**workers, **done}, ({**alone, **done}, {**workers, **hardly}))


def _as_two_workers_count(series: Series) -> Series:
    return {
        name.replace("}", f',instance="upload-worker-{number}"}}'): values
        for name, values in series.items()
        for number in (1, 2)
    }


def _processes() -> Iterator[Case]:
    silent = 'up{job="feed",instance="feed-1"}'
    runs = 'retrato_process_runs{name="feed-1",service="feed"}'
    others = {f'up{{job="users",instance="users-{n}"}}': "1x44" for n in (1, 2)}
    hangs = {silent: "1x4 0x40", runs: "1x44", **others}
    one_of_two = {silent: "1x4 0x40", runs: "1x44", next(iter(others)): "1x44"}
    yield Case(
        "ProcessHangs",
        hangs,
        (
            {**hangs, runs: "0x44"},
            {**hangs, silent: "1x28 0 0 1x12"},
            {**hangs, **dict.fromkeys(others, "1x4 0x40")},
            one_of_two,
        ),
    )
    end = 'retrato_certificate_end_seconds{name="feed-1"}'
    authority = 'retrato_certificate_end_seconds{name="authority"}'
    soon, later = f"{24 * 86_400}x40", f"{26 * 86_400}x40"
    yield Case("CertificateDue", {end: soon}, ({end: later, authority: soon},))
