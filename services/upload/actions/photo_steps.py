"""Measures how long each step of a photo takes, for Prometheus."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from prometheus_client import Counter, Histogram

from shared.ids import created_ms

Step = Literal["receive", "store", "commit", "queue", "fetch", "decode", "encode", "put", "finish"]

_SECONDS = (0.005, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 5, 60)

_photo_steps = Histogram(
    "retrato_photo_step_seconds",
    "Seconds of each step from a photo's first byte until it is ready.",
    ["step"],
    buckets=_SECONDS,
)
photos_accepted = Counter("retrato_upload_photos_total", "Photos accepted, without twins.")
_photo_ready = Histogram(
    "retrato_upload_ready_seconds",
    "Seconds from the acceptance of a photo until it is ready, its wait included.",
    buckets=(0.25, 0.5, 1, 2, 5, 10, 30, 120, 600),
)
photos_processed = Counter("retrato_photos_processed_total", "Photos by outcome.", ["outcome"])


def note_ready(photo_id: int) -> None:
    """Record that a photo has just become ready for the first time."""
    _photo_ready.observe(max(0.0, time.time() - created_ms(photo_id) / 1000))


def note_step(step: Step, seconds: float) -> None:
    """Record a step of known length."""
    _photo_steps.labels(step).observe(max(0.0, seconds))


@contextmanager
def timed_step(step: Step) -> Iterator[None]:
    """Time this block as a step, even if it fails."""
    started_s = time.perf_counter()
    try:
        yield
    finally:
        note_step(step, time.perf_counter() - started_s)
