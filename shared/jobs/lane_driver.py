"""A lane's connection to its queue, which the jobs of other lanes do not wake."""

from collections.abc import Sequence

import asyncpg
from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver
from pgqueuer.ports.driver import NotifyCallback

from shared.sharding import job_queue


class LaneDriver(AsyncpgDriver):
    """The queue library's driver; each lane that is woken costs a handful of statements."""

    def __init__(self, connection: asyncpg.Connection, jobs: Sequence[str]) -> None:
        super().__init__(connection)
        self._jobs = jobs

    async def add_listener(self, channel: str, callback: NotifyCallback) -> None:
        """Listen for the lane's own jobs, and on the channel of the library's own messages."""
        await super().add_listener(channel, callback)
        for job in self._jobs:
            await super().add_listener(job_queue.channel_of(job), callback)
