"""What people may expect, and alerts when the allowed share of bad requests is used up too fast.

The windows and factors are those of the Site Reliability Workbook, chapter 5. At a factor of 14.4
for one hour, a thirtieth of a month's allowance is gone.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from prometheus_client.utils import floatToGoString

from infra.watching.rules import Alert, Record, Severity

# Of a month's allowance, half an hour's share may be gone before somebody hears of it.
_WINDOWS = ("5m", "30m", "1h", "6h", "3d")
# With fewer bad requests in the long window, a share says nothing.
_BAD_MIN = 20


@dataclass(frozen=True, slots=True)
class Objective:
    """A share of good events; `bad` and `all` are rates with a placeholder for the window."""

    name: str
    target: float
    bad: str
    all: str
    meaning: str

    @property
    def allowed(self) -> float:
        """The share of bad events that the objective allows."""
        return round(1 - self.target, 6)


@dataclass(frozen=True, slots=True)
class _Burn:
    factor: float
    long: str
    long_s: int
    short: str
    severity: Severity


_BURNS = (
    _Burn(14.4, "1h", 3_600, "5m", "page"),
    _Burn(6, "6h", 21_600, "30m", "page"),
    _Burn(1, "3d", 259_200, "6h", "ticket"),
)


def bucket(seconds: float) -> str:
    """Return the label `le` of a bucket as our processes write it: 1 second is `1.0`."""
    text: str = floatToGoString(seconds)  # type: ignore[no-untyped-call]
    return text


def _requests(method: str, route: str, slow_s: float) -> tuple[str, str]:
    """Return the rates of bad requests and of all; slow ones and errors of ours are bad."""
    of = f'job="gateway",route="{route}",method="{method}"'
    answered = f"sum(rate(retrato_http_request_seconds_count{{{of}}}[$window]))"
    quick = f'sum(rate(retrato_http_request_seconds_bucket{{{of},le="{bucket(slow_s)}"}}[$window]))'
    failed = f'sum(rate(retrato_http_requests_total{{{of},status=~"5.."}}[$window]))'
    # A failure that was slow counts twice, which errs on the side of caution.
    return f"({answered} - {quick} + ({failed} or vector(0)))", answered


def _late(metric: str, within_s: float) -> tuple[str, str]:
    every = f"sum(rate({metric}_count[$window]))"
    return f'({every} - sum(rate({metric}_bucket{{le="{bucket(within_s)}"}}[$window])))', every


OBJECTIVES = (
    Objective(
        "home_timeline",
        0.995,
        *_requests("GET", "/v1/timelines/home", 0.5),
        meaning="A home timeline is answered within half a second.",
    ),
    Objective(
        "publish",
        0.995,
        *_requests("POST", "/v1/posts", 2.5),
        meaning="A post is accepted within 2.5 seconds.",
    ),
    Objective(
        "upload_ready",
        0.99,
        *_late("retrato_upload_ready_seconds", 30),
        meaning="A photo is ready within 30 seconds of its acceptance.",
    ),
    Objective(
        "sign_in",
        0.995,
        *_requests("POST", "/v1/sessions", 1),
        meaning="A sign-in is answered within a second.",
    ),
    Objective(
        "delivery",
        0.99,
        *_late("retrato_feed_fan_out_lag_seconds", 10),
        meaning="A post is in the last follower's timeline within ten seconds.",
    ),
)


def objective_rules() -> Iterator[Record | Alert]:
    """Yield the computed shares of all objectives, then their alerts."""
    for objective in OBJECTIVES:
        named = {"objective": objective.name}
        for window in _WINDOWS:
            bad, every = (
                text.replace("$window", window) for text in (objective.bad, objective.all)
            )
            yield Record(f"objective:retrato_bad:ratio_rate{window}", f"{bad} / {every}", named)
            yield Record(f"objective:retrato_events:rate{window}", every, named)
    for objective in OBJECTIVES:
        for burn in _BURNS:
            yield _burns(objective, burn)


def _burns(objective: Objective, burn: _Burn) -> Alert:
    of = f'{{objective="{objective.name}"}}'
    limit = round(burn.factor * objective.allowed, 6)
    return Alert(
        name="ObjectiveMissed",
        expression=(
            f"objective:retrato_bad:ratio_rate{burn.long}{of} > {limit}"
            f" and objective:retrato_bad:ratio_rate{burn.short}{of} > {limit}"
            f" and objective:retrato_bad:ratio_rate{burn.long}{of}"
            f" * objective:retrato_events:rate{burn.long}{of} * {burn.long_s} > {_BAD_MIN}"
        ),
        for_s=0,
        severity=burn.severity,
        component="objectives",
        summary=(
            f"{objective.meaning} Of the last {burn.long}, {{{{ $value | humanizePercentage }}}}"
            f" were not; {objective.allowed:.1%} may be."
        ),
        labels={"objective": objective.name, "window": burn.long},
    )
