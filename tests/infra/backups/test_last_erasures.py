"""An account that is deleted just before a stop is on the backups' list of erasures."""

import asyncio

from infra.backups.source import own_source
from infra.backups.state import read_erasures
from infra.control.progress import Progress
from infra.control.recorded_stop import stop_and_record
from tests.suite import Suite

DELETED_ID = 424_242
_DELETE = "INSERT INTO shard_0000.deletion (user_id, secret, requested_at) VALUES ($1, 'x', now())"


async def test_a_deletion_just_before_a_stop_is_on_the_list(data_suite: Suite) -> None:
    suite = data_suite.on_disk
    async with data_suite.postgres("users-a") as connection:
        await connection.execute(_DELETE, DELETED_ID)
    await asyncio.to_thread(stop_and_record, suite, Progress(quiet=True))
    try:
        async with own_source(suite) as source:
            assert DELETED_ID in await read_erasures(source.bucket, source.place)
    finally:
        await asyncio.to_thread(data_suite.bring_up, data_only=True)
        async with data_suite.postgres("users-a") as connection:
            await connection.execute(
                "DELETE FROM shard_0000.deletion WHERE user_id = $1", DELETED_ID
            )
