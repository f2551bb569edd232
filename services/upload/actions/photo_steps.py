"""How long each step of a photo takes, for Prometheus."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from prometheus_client import Counter, Histogram

Step = Literal["receive", "store", "commit", "queue", "fetch", "decode", "encode", "put", "finish"]

_SECONDS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 15, 60)

_photo_steps = Histogram(
    "retrato_photo_step_seconds",
    "Length of each step between a photo's first byte and its being ready.",
    ["step"],
    buckets=_SECONDS,
)
photos_processed = Counter("retrato_photos_processed_total", "Photos by their end.", ["outcome"])


def note_step(step: Step, seconds: float) -> None:
    """Count a step whose length is known."""
    _photo_steps.labels(step).observe(max(0.0, seconds))


@contextmanager
def timed_step(step: Step) -> Iterator[None]:
    """Count a step that is this block; one that failed counts as well."""
    started_s = time.perf_counter()
    try:
        yield
    finally:
        note_step(step, time.perf_counter() - started_s)
