"""Whether a process takes work: the one state that /ready, the server and the loops share."""

import asyncio
from typing import Literal

State = Literal["starting", "ok", "draining"]


class Readiness:
    """Starting, ok, then draining for good; whether databases answer is not part of it."""

    def __init__(self) -> None:
        self.state: State = "starting"
        # While it starts: a sentence that says what it waits for, or nothing.
        self.obstacle = ""
        self.draining = asyncio.Event()

    def mark_ready(self) -> None:
        """The resources are open."""
        if self.state == "starting":
            self.state = "ok"

    def mark_draining(self) -> None:
        """Take no more work than comes by itself; loops stop at `draining`."""
        self.state = "draining"
        self.draining.set()
