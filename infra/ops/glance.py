"""Everything that the top of the page shows: the verdict, figures, the map, alerts, actions."""

import asyncio
import time
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

from infra.ops.consequences import shards_in_words
from infra.ops.measurements import Measurements, MeasurementsAway
from infra.ops.neighbours import Action, Alert, NeighbourAway, NeighbourOff, Neighbours
from infra.ops.panels import with_window
from infra.ops.state import NoState, StateNow, read_state
from infra.ops.verdict import Known, Rates, Verdict, verdict_of

_T = TypeVar("_T")
_KEPT_S = 2.0
_WINDOW_S = 60


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure at the top of the page: its title, unit, and query without labels."""

    name: str
    title: str
    unit: str
    expr: str


_GATEWAY = 'retrato_http_requests_total{job="gateway"'
_FIGURES = (
    Figure(
        "sign_ups", "Sign-ups", "per minute", "sum(rate(retrato_users_sign_ups_total[$rate]))*60"
    ),
    Figure(
        "sign_ins", "Sign-ins", "per minute", "sum(rate(retrato_users_sign_ins_total[$rate]))*60"
    ),
    Figure("photos", "Photos", "per minute", "sum(rate(retrato_upload_photos_total[$rate]))*60"),
    Figure(
        "goodput",
        "Useful replies",
        "per second",
        f'sum(rate({_GATEWAY},status=~"[23].."}}[$rate]))',
    ),
    Figure("answered", "All replies", "per second", f"sum(rate({_GATEWAY}}}[$rate]))"),
    Figure("refused", "Refused", "per second", f'sum(rate({_GATEWAY},status="503"}}[$rate]))'),
    Figure(
        "failed", "Errors", "per second", f'sum(rate({_GATEWAY},status=~"500|502|504"}}[$rate]))'
    ),
    Figure(
        "machine",
        "Machine busy",
        "fraction",
        '1 - sum(rate(retrato_machine_processor_seconds_total{mode="idle"}[$rate]))'
        " / sum(rate(retrato_machine_processor_seconds_total[$rate]))",
    ),
    *(
        Figure(
            f"p{percent}",
            f"p{percent} to answer",
            "seconds",
            f"histogram_quantile({percent / 100}, sum by (le) (rate("
            'retrato_http_request_seconds_bucket{job="gateway",route!~".*/stream.*"}[$rate])))',
        )
        for percent in (50, 99)
    ),
)
# Lists that the page shows as tables, by the label that names a row.
_LISTS = {
    "lag": ("node", "max by (node) (retrato_postgres_replica_lag_seconds)"),
    "unsynced": ("database", "max by (database) (retrato_database_unsynced_seconds)"),
    # Each worker counts all jobs of a primary.
    "queues": (
        "kind",
        'sum by (kind) (max by (group, primary, kind) (retrato_jobs{status="queued"})) > 0',
    ),
    "outbox": ("primary", "max by (primary) (retrato_outbox_oldest_seconds)"),
    "disk_free": ("place", "min by (place) (retrato_disk_free_bytes)"),
    "disk_size": ("place", "min by (place) (retrato_disk_size_bytes)"),
    "backup_age": ("primary", "time() - max by (primary) (retrato_backup_last_seconds > 0)"),
}
# The caretaker asks the stores, which show no metrics themselves.
_SILENT = 'up == 0 or label_replace(retrato_store_answers == 0, "instance", "$1", "name", "(.*)")'


class Glance:
    """Asks all sources at once, and goes on without those that do not answer."""

    def __init__(
        self, measurements: Measurements, neighbours: Neighbours, state_file: Path
    ) -> None:
        self._measurements = measurements
        self._neighbours = neighbours
        self._state_file = state_file
        self._kept: tuple[float, asyncio.Task[dict[str, Any]] | None] = (0.0, None)

    async def now(self) -> dict[str, Any]:
        """Return the document; several viewers within two seconds share one."""
        made_s, task = self._kept
        if task is None or time.monotonic() - made_s > _KEPT_S:
            task = asyncio.create_task(self._look())
            self._kept = (time.monotonic(), task)
        return await asyncio.shield(task)

    async def _look(self) -> dict[str, Any]:
        gaps: list[str] = []
        figures, lists, silent, alerts, actions = await asyncio.gather(
            _unless_away(self._figures(), gaps),
            _unless_away(self._lists(), gaps),
            _unless_away(self._silent(), gaps),
            _unless_away(self._neighbours.alerts(), gaps),
            _unless_away(self._neighbours.actions(), gaps),
        )
        state = self._state(gaps)
        known = Known(
            state=state,
            alerts=alerts,
            silent=silent,
            rates=_rates(figures),
            busy=None if figures is None else figures["machine"],
            gaps=list(dict.fromkeys(gaps)),
            now=time.time(),
        )
        return _document(known, verdict_of(known), figures, lists, actions)

    def _state(self, gaps: list[str]) -> StateNow | None:
        try:
            return read_state(self._state_file)
        except NoState as fault:
            gaps.append(f"What runs is not known: {fault}.")
            return None

    async def _figures(self) -> dict[str, float | None]:
        values = await asyncio.gather(*(self._figure(figure) for figure in _FIGURES))
        return {figure.name: value for figure, value in zip(_FIGURES, values, strict=True)}

    async def _figure(self, figure: Figure) -> float | None:
        found = await self._measurements.now(with_window(figure.expr, _WINDOW_S))
        # A counter that nothing has counted yet has no series.
        nothing = None if figure.unit == "seconds" else 0.0
        return found[0][1] if found else nothing

    async def _lists(self) -> dict[str, dict[str, float]]:
        async def one(label: str, expr: str) -> dict[str, float]:
            found = await self._measurements.now(expr)
            return {labels.get(label, ""): value for labels, value in found}

        values = await asyncio.gather(*(one(*asked) for asked in _LISTS.values()))
        return dict(zip(_LISTS, values, strict=True))

    async def _silent(self) -> list[str]:
        found = await self._measurements.now(_SILENT)
        return sorted({labels.get("instance", "") for labels, _value in found})


async def _unless_away(asked: Awaitable[_T], gaps: list[str]) -> _T | None:
    try:
        return await asked
    except NeighbourOff:
        return None
    except (MeasurementsAway, NeighbourAway) as away:
        gaps.append(f"{away}.")
        return None


def _rates(figures: Mapping[str, float | None] | None) -> Rates | None:
    if figures is None:
        return None
    return Rates(*(figures[name] or 0.0 for name in ("answered", "failed", "refused")))


def _document(
    known: Known,
    verdict: Verdict,
    figures: Mapping[str, float | None] | None,
    lists: Mapping[str, Mapping[str, float]] | None,
    actions: Sequence[Action] | None,
) -> dict[str, Any]:
    state = known.state
    return {
        "at": known.now,
        "verdict": {
            "level": verdict.level.name.lower(),
            "headline": verdict.headline,
            "reasons": [
                {**asdict(reason), "level": reason.level.name.lower()} for reason in verdict.reasons
            ],
        },
        "figures": [
            {"name": f.name, "title": f.title, "unit": f.unit, "value": (figures or {}).get(f.name)}
            for f in _FIGURES
            if f.name != "answered"
        ],
        "processes": [one.model_dump() for one in state.processes] if state else [],
        "silent": list(known.silent or ()),
        "databases": [
            {**one.model_dump(), "in_words": shards_in_words(one)} for one in state.databases
        ]
        if state
        else [],
        "has_failover": state.has_failover if state else False,
        "lists": lists or {},
        "alerts": _told(known.alerts),
        "actions": None if actions is None else [asdict(action) for action in actions],
    }


def _told(alerts: Sequence[Alert] | None) -> list[dict[str, Any]] | None:
    """Return the alerts, or None if Prometheus could not be asked."""
    return None if alerts is None else [asdict(alert) for alert in alerts]
