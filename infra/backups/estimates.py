"""Estimates the remaining time of long programs from their output."""

import re
import time

from infra.control.progress import Progress

_PERCENT = re.compile(r"(\d+(?:\.\d+)?)%")
_SAY_EVERY_S = 3.0


class Estimate:
    """Reads percentages in a program's output, and prints a line every few seconds."""

    def __init__(self, progress: Progress, subject: str) -> None:
        self._progress = progress
        self._subject = subject
        self._began_s = time.monotonic()
        self._said_s = self._began_s

    def hear(self, line: str) -> None:
        """Take a line of the program's output."""
        found = _PERCENT.findall(line)
        now_s = time.monotonic()
        if not found or now_s - self._said_s < _SAY_EVERY_S:
            return
        self._said_s = now_s
        left_s = remaining_s(float(found[-1]), now_s - self._began_s)
        self._progress.say(f"{self._subject}: {found[-1]} %, about {left_s:.0f} s to go")


def remaining_s(percent: float, elapsed_s: float) -> float:
    """Return the remaining seconds at the pace so far."""
    return elapsed_s * (100 - percent) / percent if percent > 0 else 0.0
