"""Digests of all tables at an exact position of the WAL, to compare a restore with later.

A replica is held still for them: what it shows is what its primary had at one position, whatever
is written meanwhile. A restore to just before that position must give the same digests.
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
# A replica that has just followed its primary to a new timeline may not have checkpointed there.
_REPLAYED = """
    SELECT pg_last_wal_replay_lsn()::text AS position,
           coalesce((SELECT received_tli FROM pg_stat_wal_receiver), timeline_id) AS timeline
    FROM pg_control_checkpoint()
"""
_POLL_S = 0.05


@dataclass(frozen=True, slots=True)
class Witness:
    """What one primary held just before a position of its WAL, in the history of a timeline."""

    primary: str
    position: str
    timeline: int
    digests: Digests


@dataclass(frozen=True, slots=True)
class Testimony:
    """What all primaries held at about a moment, each at a position of its own."""

    moment: datetime
    witnesses: tuple[Witness, ...]


async def take_witness(suite: Suite, database: Database) -> Witness:
    """Hold the replica for as long as the digests take; it catches up afterwards."""
    if not followers(database):
        raise BackupFailure(f"{database.name} has no replica that could be held still.")
    replica = followers(database)[0]
    async with connected(suite, replica, database=replica.service) as connection, _held(connection):
        (replayed,) = await connection.fetch(_REPLAYED)
        position, timeline = replayed["position"], replayed["timeline"]
        return Witness(database.name, position, timeline, await digests_of(connection))


async def keep_witness(suite: Suite, bucket: Bucket, place: Place) -> Testimony:
    """Take one of every primary and write it; the oldest go."""
    moment = datetime.now(UTC)
    witnesses = [await take_witness(suite, database) for database in suite.plan.databases]
    for database in suite.plan.databases:
        # A promotion may end this history, and what is not archived by then cannot be restored.
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
    """When testimonies were taken, the oldest first."""
    items = await bucket.items(place.key(_PURPOSE) + "/")
    names = (item.key.rpartition("/")[2] for item in items)
    return [datetime.strptime(name, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC) for name in names]


async def read_testimony(bucket: Bucket, place: Place, moment: datetime) -> Testimony:
    """The testimony of a moment that `kept_moments` gave."""
    sealed = await bucket.find(place.key(_PURPOSE, f"{moment:%Y%m%dT%H%M%SZ}"))
    if sealed is None:
        raise BackupFailure(f"The digests of {moment} are no longer there.")
    content = json.loads(gzip.decompress(unseal(place.passphrase, _PURPOSE, sealed)))
    # The first ones that were written do not name their timeline.
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
    """The primary that a witness is of."""
    return suite.plan.member(witness.primary)
