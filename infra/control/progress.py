"""One line for each thing that is done, with the time that it took."""

import os
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
        """One line; the work goes on if nobody reads it any more."""
        if self._quiet:
            return
        try:
            sys.stdout.write(f"{self.seconds:6.1f} s  {text}\n")
            sys.stdout.flush()
        except BrokenPipeError:
            self._quiet = True
            silence_output()


def silence_output() -> None:
    """What is still written goes nowhere, so that no later write fails on the closed pipe."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
