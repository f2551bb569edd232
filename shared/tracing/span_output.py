"""Writes kept spans from a thread of its own: to OTLP over HTTP, or to files of bounded size."""

import queue
import threading
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from shared.logs import get_logger
from shared.tracing.frames import Frame, Note
from shared.tracing.spans import spans_of
from shared.tracing.tracer import DROPPED

# Frames that wait for the thread; it takes about a millisecond for each.
WAITING_MAX = 1024
# Two megabytes; the same number of spans would be twenty.
WAITING_NOTES_MAX = 16_384
_EVERY_S = 1.0
_SPANS_AT_ONCE_MAX = 512
_FINISH_S = 2.0

log = get_logger()

_Kept = tuple[Frame, Sequence[Note], bool]


class SpanFile(SpanExporter):
    """A file with a span per line, in the SDK's JSON; a full one is put aside as `….1`.

    Both together have at most `bytes_max`.
    """

    def __init__(self, file: Path, bytes_max: int) -> None:
        self._file = file
        self._bytes_max = bytes_max

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Append the spans; raises OSError."""
        lines = "".join(f"{span.to_json(indent=None)}\n" for span in spans)
        with self._file.open("a", encoding="utf-8") as file:
            file.write(lines)
            is_full = file.tell() >= self._bytes_max / 2
        if is_full:
            self._file.replace(self._file.with_name(f"{self._file.name}.1"))
        return SpanExportResult.SUCCESS


class SpanOutput:
    """A thread that makes spans of frames and exports them each second."""

    def __init__(self, open_exporter: Callable[[], SpanExporter], resource: Resource) -> None:
        self._open_exporter = open_exporter
        self._resource = resource
        self._waiting: queue.SimpleQueue[_Kept | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="spans", daemon=True)

        # Two counts, because each thread changes its own.
        self._notes_in = self._notes_out = 0

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def take(self, frame: Frame, notes: Sequence[Note], with_own: bool) -> None:
        """Have a frame's notes exported soon; beyond the bounds they are dropped."""
        waiting = self._notes_in - self._notes_out
        if self._waiting.qsize() >= WAITING_MAX or waiting + len(notes) > WAITING_NOTES_MAX:
            DROPPED.labels("export").inc()
        else:
            self._notes_in += len(notes)
            self._waiting.put((frame, notes, with_own))

    def close(self) -> None:
        """Export what waits, and end the thread; returns after two seconds at the latest."""
        self._waiting.put(None)
        self._thread.join(_FINISH_S)

    def _run(self) -> None:
        exporter = self._open_exporter()
        is_open, was_well = True, True
        pause = threading.Event()
        while is_open:
            frames, is_open = self._gathered()
            spans = (
                span
                for frame, notes, with_own in frames
                for span in spans_of(frame, notes, self._resource, with_own=with_own)
            )
            while batch := list(islice(spans, _SPANS_AT_ONCE_MAX)):
                was_well = _export(exporter, batch, was_well)
            self._notes_out += sum(len(notes) for _frame, notes, _with_own in frames)
            if is_open:
                pause.wait(_EVERY_S)
        exporter.shutdown()

    def _gathered(self) -> tuple[list[_Kept], bool]:
        """Wait for a frame, and return all that wait, and whether more will come."""
        frames: list[_Kept] = []
        kept = self._waiting.get()
        while kept is not None:
            frames.append(kept)
            try:
                kept = self._waiting.get_nowait()
            except queue.Empty:
                return frames, True
        return frames, False


def _export(exporter: SpanExporter, spans: Sequence[ReadableSpan], was_well: bool) -> bool:
    try:
        is_well = exporter.export(spans) is SpanExportResult.SUCCESS
        reason = "refused"
    except OSError as error:
        is_well, reason = False, str(error)
    if was_well and not is_well:  # One line per outage.
        log.warning("traces_not_written", reason=reason)
    return is_well
