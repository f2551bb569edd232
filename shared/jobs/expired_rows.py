"""The worker loop that deletes rows whose time is over, in every shard."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from shared.errors import AppError
from shared.jobs.pauses import pause
from shared.logs import get_logger
from shared.sharding.database_faults import DRIVER_ERRORS
from shared.sharding.idempotency import KEPT_SECONDS, OLD_REQUESTS
from shared.sharding.shard_group import ShardGroup
from shared.sql_files import Query

REST_S = 3600.0
# A start has enough to do.
_FIRST_S = 60.0
# A statement of this many rows takes some milliseconds.
_ROWS_MAX = 500
# Rows beyond these wait for the next pass.
_STATEMENTS_MAX = 200

log = get_logger()


@dataclass(frozen=True, slots=True)
class Expiry:
    """A query that deletes up to `:limit` rows that are older than `:kept_s` seconds."""

    query: Query
    kept_s: float


class ExpiredRows:
    """A worker's loop; several may run at once. Recorded replies end in every service."""

    def __init__(self, group: ShardGroup, expiries: Sequence[Expiry] = ()) -> None:
        self._group = group
        self._expiries = (Expiry(OLD_REQUESTS, KEPT_SECONDS), *expiries)

    async def run(self, stop: asyncio.Event) -> None:
        """Make a pass each hour until `stop` is set; a shard that is away waits for the next."""
        await pause(stop, _FIRST_S)
        while not stop.is_set():
            await self.full_pass(stop)
            await pause(stop, REST_S)

    async def full_pass(self, stop: asyncio.Event | None = None) -> None:
        """Delete what has ended, shard by shard."""
        left: dict[int, str] = {}
        for shard in self._group.shards():
            if stop is not None and stop.is_set():
                break
            try:
                for expiry in self._expiries:
                    await self._end(shard, expiry)
            except (AppError, *DRIVER_ERRORS) as error:
                left[shard] = repr(error)
        if left:
            shard, reason = min(left.items())
            log.warning("rows outlive their time", count=len(left), example=shard, reason=reason)

    async def _end(self, shard: int, expiry: Expiry) -> None:
        for _ in range(_STATEMENTS_MAX):
            async with self._group.writer(shard) as tx:
                ended = await tx.execute(expiry.query, kept_s=expiry.kept_s, limit=_ROWS_MAX)
            if ended < _ROWS_MAX:
                return
