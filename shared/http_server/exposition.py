"""Renders the metrics of a process in pieces, so that requests run in between."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from itertools import islice

from prometheus_client import REGISTRY, CollectorRegistry, Gauge, disable_created_metrics
from prometheus_client import generate_latest as text_of
from prometheus_client.metrics_core import Metric
from prometheus_client.samples import Sample

# A sample costs some ten microseconds, so a piece holds the event loop for less than a millisecond.
SAMPLES_PER_PIECE = 48
# A family of samples begins with a line HELP and a line TYPE.
_HEAD_LINES = 2

# They repeat what a restart and the counters show, and were a sixth of all series.
disable_created_metrics()  # type: ignore[no-untyped-call]

build_info = Gauge("retrato_build_info", "1, with the code that runs.", ["version", "revision"])


@dataclass(frozen=True, slots=True)
class _Piece:
    """Something like a registry that holds one family or a part of it."""

    family: Metric

    def collect(self) -> Iterator[Metric]:
        yield self.family


async def pieces_of_metrics(registry: CollectorRegistry = REGISTRY) -> AsyncIterator[bytes]:
    """Yield the metrics in Prometheus's text format; other tasks run between two pieces."""
    for family in registry.collect():
        samples = iter(family.samples)
        is_first = True
        while part := list(islice(samples, SAMPLES_PER_PIECE)):
            yield _rendered(family, part, with_head=is_first)
            is_first = False
            await asyncio.sleep(0)


def _rendered(family: Metric, samples: list[Sample], *, with_head: bool) -> bytes:
    part = Metric(family.name, family.documentation, family.type, family.unit)
    part.samples = samples
    text = text_of(_Piece(part))
    return text if with_head else text.split(b"\n", _HEAD_LINES)[_HEAD_LINES]
