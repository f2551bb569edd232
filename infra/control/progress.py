"""Prints progress lines of commands."""

import os
import sys
import time


class Progress:
    """Prints lines to standard output, each with the seconds since the beginning."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._began_s = time.monotonic()
        self._quiet = quiet

    @property
    def seconds(self) -> float:
        """The seconds since the beginning."""
        return time.monotonic() - self._began_s

    def say(self, text: str) -> None:
        """Print a line; a closed pipe does not stop the work."""
        if self._quiet:
            return
        try:
            sys.stdout.write(f"{self.seconds:6.1f} s  {text}\n")
            sys.stdout.flush()
        except BrokenPipeError:
            self._quiet = True
            silence_output()


def silence_output() -> None:
    """Redirect standard output to nowhere, so that no later write fails on a closed pipe."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
