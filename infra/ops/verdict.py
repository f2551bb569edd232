"""Says in words whether everything is well, and if not, what is wrong and who notices it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum

from infra.ops.consequences import consequence_of
from infra.ops.neighbours import Alert
from infra.ops.state import ProcessNow, StateNow

# The caretaker writes every two seconds; on a busy machine somewhat later.
STALE_S = 20.0
_TRANSIENT = {"STARTING": "is starting", "STOPPING": "is stopping"}
_DEAD = {
    "STOPPED": "is stopped",
    "BACKOFF": "ends again and again",
    "EXITED": "has ended",
    "FATAL": "does not start",
    "UNKNOWN": "is in an unknown state",
    "FROZEN": "stands still",
}
# Below these, a few failures in a quiet minute are no state of the suite.
_FAILED_SHARE_MAX = 0.01
_FAILED_PER_S_MIN = 0.2
_BUSY_MAX = 0.95


class Level(IntEnum):
    """How bad it is."""

    WELL = 0
    # Nobody outside notices, or it ends by itself.
    ATTENTION = 1
    # People notice, or will soon.
    BAD = 2


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that is not well: what, and what people notice of it."""

    level: Level
    what: str
    effect: str
    page: str = ""


@dataclass(frozen=True, slots=True)
class Rates:
    """Replies of the gateways in the last minute, per second."""

    answered: float
    failed: float
    refused: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer to "is everything well?", and the reasons if it is not, the worst first."""

    level: Level
    headline: str
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Known:
    """What the page knows; None is what it could not find out, and `gaps` says why."""

    state: StateNow | None
    alerts: Sequence[Alert] | None
    # Names of processes that do not answer Prometheus.
    silent: Sequence[str] | None
    rates: Rates | None
    # The share of the machine's processors that is busy.
    busy: float | None
    gaps: Sequence[str]
    now: float


def verdict_of(known: Known) -> Verdict:
    """Judge everything that is known."""
    reasons = sorted(_reasons(known), key=lambda reason: -reason.level)
    level = max((reason.level for reason in reasons), default=Level.WELL)
    return Verdict(level, _headline(level, reasons, known), tuple(reasons))


def _headline(level: Level, reasons: Sequence[Reason], known: Known) -> str:
    if level is Level.WELL:
        return "Everything is well."
    count = sum(reason.level is Level.BAD for reason in reasons)
    if level is Level.BAD:
        return "Not well: people notice it." if count == 1 else f"Not well in {count} ways."
    if known.state is None:
        return "Not known: the page cannot see what runs."
    return "People notice nothing, but this needs attention."


def _reasons(known: Known) -> Iterator[Reason]:
    if known.state is not None:
        yield from _of_processes(known.state, known.silent or ())
        yield from _of_the_file(known.state, known.now)
        yield from _of_databases(known.state)
    if known.rates is not None:
        yield from _of_rates(known.rates)
    if known.busy is not None and known.busy > _BUSY_MAX:
        yield Reason(
            Level.ATTENTION,
            f"The processors of the machine are {100 * known.busy:.0f} % busy.",
            "Everything is slower. The map shows whether the suite or something else uses them.",
            "docs/operations/slow-suite.md",
        )
    yield from _of_alerts(known.alerts or (), known.state)
    for gap in known.gaps:
        yield Reason(Level.ATTENTION, gap, "The suite does not need it; only this page sees less.")


def _of_alerts(alerts: Iterable[Alert], state: StateNow | None) -> Iterator[Reason]:
    """Yield what alerts say, except of processes that are down: their reason says more."""
    processes = state.processes if state else ()
    told: set[tuple[str, str]] = set()
    down = {
        name for one in processes if one.state in _DEAD for name in (one.name, one.server) if name
    }
    for alert in alerts:
        if not down.isdisjoint(alert.about):
            continue
        # One objective has an alert for each of several windows, the gravest first.
        what = (alert.name, alert.summary.partition(".")[0])
        if what in told:
            continue
        told.add(what)
        level = Level.BAD if alert.severity == "page" else Level.ATTENTION
        # Where the description only names the page, the page is enough.
        effect = "" if alert.page and alert.page in alert.description else alert.description
        yield Reason(level, alert.summary or alert.name, effect, alert.page)


def _of_processes(state: StateNow, silent: Iterable[str]) -> Iterator[Reason]:
    quiet = set(silent)
    down = {process.name for process in state.processes if process.state in _DEAD}
    for process in state.processes:
        said = _fault_of(process, quiet)
        if said is None:
            continue
        if process.state in _TRANSIENT:
            yield Reason(Level.ATTENTION, f"{process.name} {said}.", "This ends by itself.")
            continue
        consequence = consequence_of(process, state, down | quiet)
        level = Level.BAD if consequence.people_notice else Level.ATTENTION
        yield Reason(level, f"{process.name} {said}.", consequence.sentence, consequence.page)


def _fault_of(process: ProcessNow, silent: set[str]) -> str | None:
    if process.state in _DEAD:
        return _DEAD[process.state]
    if process.state in _TRANSIENT:
        return _TRANSIENT[process.state]
    return "runs, but does not answer" if process.name in silent else None


def _of_the_file(state: StateNow, now: float) -> Iterator[Reason]:
    age_s = now - state.at
    if age_s > STALE_S:
        yield Reason(
            Level.ATTENTION,
            f"What runs is known only as of {age_s:.0f} seconds ago.",
            "The caretaker, which looks after it, is silent.",
            "docs/operations/dead-process.md",
        )


def _of_databases(state: StateNow) -> Iterator[Reason]:
    for database in state.databases:
        if not database.leader:
            yield Reason(
                Level.BAD,
                f"The database {database.name} has no leader.",
                f"Writes to {database.service} fail for its shards until one is elected.",
                "docs/operations/failover.md",
            )


def _of_rates(rates: Rates) -> Iterator[Reason]:
    limit = max(_FAILED_SHARE_MAX * rates.answered, _FAILED_PER_S_MIN)
    if rates.failed > limit:
        yield Reason(
            Level.BAD,
            f"{_share(rates.failed, rates.answered)} of all requests fail.",
            f"{rates.failed:.1f} replies a second say that something went wrong on our side.",
            "docs/operations/slow-suite.md",
        )
    if rates.refused > limit:
        yield Reason(
            Level.BAD,
            f"{_share(rates.refused, rates.answered)} of all requests are refused.",
            f"{rates.refused:.1f} requests a second get 503: a part is away or has too much to do.",
            "docs/operations/slow-suite.md",
        )


def _share(part: float, whole: float) -> str:
    share = 100 * part / whole if whole else 0.0
    return f"{share:.0f} %" if share >= 10 else f"{share:.1f} %"
