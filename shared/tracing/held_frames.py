"""The parts of traces that a process holds until its caller may ask for them."""

from collections import deque
from collections.abc import Collection, Iterator

from shared.tracing.frames import Frame

HOLD_S = 10.0
# A process that answers more in ten seconds holds them for less.
HELD_MAX = 4096
# Each takes some 200 bytes. Twice as many as a busy process notes in ten seconds.
HELD_NOTES_MAX = 65_536
# The line grows shorter after a rush, and no request waits while thousands are freed.
_OLD_AT_ONCE_MAX = 32


class HeldFrames:
    """Ended frames in the order of their ends.

    They have HELD_NOTES_MAX notes at most, not counting what was noted after a frame's end.
    """

    def __init__(self) -> None:
        self._line: deque[tuple[Frame, int]] = deque()
        self.notes = 0

    def __len__(self) -> int:
        return len(self._line)

    def hold(self, frame: Frame) -> None:
        """Add a frame that has just ended, and drop the oldest ones beyond the bounds."""
        line, until_s = self._line, frame.ended_s - HOLD_S
        count = len(frame.notes)
        line.append((frame, count))
        self.notes += count
        while len(line) > HELD_MAX or self.notes > HELD_NOTES_MAX:
            self._drop_oldest()
        for _old in range(_OLD_AT_ONCE_MAX):
            if line[0][0].ended_s >= until_s:
                break
            self._drop_oldest()

    def of(self, trace_ids: Collection[str], since_s: float) -> Iterator[Frame]:
        """Yield the frames of these traces that ended since then and are not kept yet."""
        for frame, _count in self._line:
            if frame.trace_id in trace_ids and not frame.is_kept and frame.ended_s >= since_s:
                yield frame

    def _drop_oldest(self) -> None:
        _frame, count = self._line.popleft()
        self.notes -= count
