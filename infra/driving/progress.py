"""One line for each thing that is done, with the time that it took."""

import sys
import time


class Progress:
    """Prints to standard output; the time on each line counts from the beginning."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._began_s = time.monotonic()
        self._quiet = quiet

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return time.monotonic() - self._began_s

    def say(self, text: str) -> None:
        """One line."""
        if not self._quiet:
            sys.stdout.write(f"{self.seconds:6.1f} s  {text}\n")
            sys.stdout.flush()
