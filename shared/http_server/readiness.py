"""Whether a process takes work; /ready, the server and the worker loops share this state."""

import asyncio
from typing import Literal

State = Literal["starting", "ok", "draining"]


class Readiness:
    """Starting, then ok, then draining for good; an unreachable database does not change it."""

    def __init__(self) -> None:
        self.state: State = "starting"
        # While starting: a sentence that names what the process waits for, or "".
        self.obstacle = ""
        self.draining = asyncio.Event()

    def mark_ready(self) -> None:
        """Take work; has no effect once the process drains."""
        if self.state == "starting":
            self.state = "ok"

    def mark_draining(self) -> None:
        """Report "draining" at /ready, and stop the loops that wait for `draining`."""
        self.state = "draining"
        self.draining.set()
