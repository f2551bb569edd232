"""Digests of all tables at an exact WAL position, for comparison with a later restore.

A replica pauses its replay for them, so it shows its primary at one position. A restore to just
before that position must give the same digests.
"""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

import asyncpg

from infra.backups.bucket import Bucket
from infra.backups.digests import Digests, digests_of
from infra.backups.place import Place
from infra.backups.primaries import connected, mark_and_switch
from infra.backups.sealing import seal, unseal
from infra.backups.subprocesses import BackupFailure
from infra.leaders import followers, leader
from infra.plan.parts import Database, Member
from infra.suite import Suite

_PURPOSE = "witness"
_KEPT_MAX = 400
_PAUSED_WITHIN_S = 10.0
# The receiver's timeline comes first, because a replica may not have a checkpoint on a new one yet.
_REPLAYED = """
    SELECT pg_last_wal_replay_lsn()::text AS position,
           coalesce((SELECT received_tli FROM pg_stat_wal_receiver), timeline_id) AS timeline
    FROM pg_control_checkpoint()
"""
_POLL_S = 0.05


@dataclass(frozen=True, slots=True)
class Witness:
    """One primary's digests just before a position on a WAL timeline."""

    primary: str
    position: str
    timeline: int
    digests: Digests


@dataclass(frozen=True, slots=True)
class Testimony:
    """The witnesses of all primaries at about the same time, each at its own position."""

    moment: datetime
    witnesses: tuple[Witness, ...]


async def take_witness(suite: Suite, database: Database) -> Witness:
    """Pause the first replica while its digests are taken; raises BackupFailure without one."""
    if not followers(database):
        raise BackupFailure(f"{database.name} has no replica to take digests from.")
    replica = followers(database)[0]
    async with connected(suite, replica, database=replica.service) as connection, _held(connection):
        (replayed,) = await connection.fetch(_REPLAYED)
        position, timeline = replayed["position"], replayed["timeline"]
        return Witness(database.name, position, timeline, await digests_of(connection))


async def keep_witness(suite: Suite, bucket: Bucket, place: Place) -> Testimony:
    """Take and store the witnesses of all primaries; only the newest _KEPT_MAX are kept."""
    moment = datetime.now(UTC)
    witnesses = [await take_witness(suite, database) for database in suite.plan.databases]
    for database in suite.plan.databases:
        # Archives the WAL up to here, because a promotion could otherwise end this timeline first.
        await mark_and_switch(suite, leader(database), datetime.now(UTC))
    testimony = Testimony(moment, tuple(witnesses))
    content = gzip.compress(json.dumps([asdict(witness) for witness in witnesses]).encode())
    await bucket.put(
        place.key(_PURPOSE, f"{moment:%Y%m%dT%H%M%SZ}"), seal(place.passphrase, _PURPOSE, content)
    )
    for item in (await bucket.items(place.key(_PURPOSE) + "/"))[:-_KEPT_MAX]:
        await bucket.delete(item.key)
    return testimony


async def kept_moments(bucket: Bucket, place: Place) -> list[datetime]:
    """Return the times of the stored testimonies, oldest first."""
    items = await bucket.items(place.key(_PURPOSE) + "/")
    names = (item.key.rpartition("/")[2] for item in items)
    return [datetime.strptime(name, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC) for name in names]


async def read_testimony(bucket: Bucket, place: Place, moment: datetime) -> Testimony:
    """Read the testimony of a time from `kept_moments`; raises BackupFailure if it is gone."""
    sealed = await bucket.find(place.key(_PURPOSE, f"{moment:%Y%m%dT%H%M%SZ}"))
    if sealed is None:
        raise BackupFailure(f"The digests of {moment} are no longer there.")
    content = json.loads(gzip.decompress(unseal(place.passphrase, _PURPOSE, sealed)))
    # The oldest testimonies have no timeline.
    return Testimony(moment, tuple(Witness(**{"timeline": 1, **entry}) for entry in content))


@asynccontextmanager
async def _held(connection: "asyncpg.Connection[asyncpg.Record]") -> AsyncIterator[None]:
    await connection.execute("SELECT pg_wal_replay_pause()")
    try:
        async with asyncio.timeout(_PAUSED_WITHIN_S):
            while True:
                state = await connection.fetchval("SELECT pg_get_wal_replay_pause_state()")
                if state == "paused":
                    break
                await asyncio.sleep(_POLL_S)
        yield
    finally:
        await connection.execute("SELECT pg_wal_replay_resume()")


def node_of(suite: Suite, witness: Witness) -> Member:
    """Return the primary of a witness."""
    return suite.plan.member(witness.primary)
