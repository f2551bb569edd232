"""A line every few seconds: what is acknowledged, how fast, and what is broken."""

import asyncio
from collections.abc import Callable
from typing import Any

from prove.checks.reads import READS
from prove.history import Outcome, Recorder

TOLD_EVERY_S = 5.0


class Progress(Recorder):
    """A recorder that also counts, so that the run can be watched."""

    acknowledged = 0

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._under_way: dict[int, tuple[str, float]] = {}
        self._part: dict[str, int] = {}
        self._took_s: list[float] = []

    def invoke(self, client: int, kind: str, key: str, value: str) -> int:
        """Record the beginning of an operation; returns its number."""
        number = super().invoke(client, kind, key, value)
        self._under_way[number] = (kind, self.now_s())
        return number

    def complete(self, number: int, outcome: Outcome, got: Any, tries: int, in_doubt: bool) -> None:
        """Record the end of an operation."""
        super().complete(number, outcome, got, tries, in_doubt)
        kind, began_s = self._under_way.pop(number)
        what = "reads" if kind in READS else "writes"
        if outcome == "ok":
            self._took_s.append(self.now_s() - began_s)
            self.acknowledged += what == "writes"
        name = what if outcome == "ok" else "refused" if outcome == "fail" else "unknown"
        self._part[name] = self._part.get(name, 0) + 1

    async def tell(self, left_s: Callable[[], float], broken: Callable[[], str]) -> None:
        """Print a line every TOLD_EVERY_S until cancelled."""
        while True:
            await asyncio.sleep(TOLD_EVERY_S)
            took_s = sorted(self._took_s) or [0.0]
            part = {name: self._part.get(name, 0) / TOLD_EVERY_S for name in ("writes", "reads")}
            print(
                f"{left_s():5.0f} s left  {self.acknowledged:7} writes acknowledged"
                f"  {part['writes']:4.0f} + {part['reads']:3.0f} reads/s"
                f"  p50 {took_s[len(took_s) // 2] * 1000:4.0f}"
                f"  p99 {took_s[int(len(took_s) * 0.99)] * 1000:5.0f} ms"
                f"  refused {self._part.get('refused', 0)}"
                f"  unknown {self._part.get('unknown', 0)}"
                f"  under way {len(self._under_way)}  {broken()}",
                flush=True,
            )
            self._part.clear()
            self._took_s.clear()
