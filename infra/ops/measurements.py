"""Asks Prometheus; queries come from the descriptions on the server, and never from a browser."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from infra.ops.asking import Asking

_TIMEOUT_S = 5.0
# Prometheus gives up sooner than we do, and says why.
_PROMETHEUS_TIMEOUT = "4s"


class MeasurementsAway(Exception):
    """Prometheus cannot be asked; the message says why, for people."""


@dataclass(frozen=True, slots=True)
class Series:
    """Values over time; a value is None where there is none, and labels are without the name."""

    labels: Mapping[str, str]
    times: list[float]
    values: list[float | None]


class Measurements:
    """Prometheus' query interface."""

    def __init__(self, asking: Asking, url: str) -> None:
        self._asking = asking
        self._url = url.rstrip("/")

    async def now(self, expr: str) -> list[tuple[Mapping[str, str], float]]:
        """Return the present value of each series; raises MeasurementsAway."""
        result = await self._ask("query", {"query": expr})
        found = [(one["metric"], _number(one["value"][1])) for one in result]
        return [(labels, value) for labels, value in found if value is not None]

    async def over(self, expr: str, start_s: float, end_s: float, step_s: float) -> list[Series]:
        """Return each series between two moments; raises MeasurementsAway."""
        result = await self._ask(
            "query_range", {"query": expr, "start": start_s, "end": end_s, "step": step_s}
        )
        return [
            Series(
                one["metric"],
                [float(at) for at, _value in one["values"]],
                [_number(value) for _at, value in one["values"]],
            )
            for one in result
        ]

    async def _ask(self, what: str, words: Mapping[str, Any]) -> list[Any]:
        if not self._url:
            raise MeasurementsAway("Prometheus is not part of this suite (WATCH=0)")
        try:
            reply = await self._asking.ask(
                "POST",
                f"{self._url}/api/v1/{what}",
                _TIMEOUT_S,
                data={**words, "timeout": _PROMETHEUS_TIMEOUT},
            )
            document = reply.json()
        except (httpx.HTTPError, ValueError) as error:
            raise MeasurementsAway("Prometheus does not answer") from error
        if reply.status_code != httpx.codes.OK or document.get("status") != "success":
            said = str(document.get("error", f"status {reply.status_code}"))
            raise MeasurementsAway(f"Prometheus refuses a question: {said[:200]}")
        return list(document["data"]["result"])


def _number(text: str) -> float | None:
    """Return a value; an empty histogram's quantile is NaN, which is no value."""
    value = float(text)
    return value if math.isfinite(value) else None
