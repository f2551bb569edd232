"""Replicas answer within a bound of lag, and a commit waits for a synchronous standby."""

import asyncio
import signal

import pytest

from shared.deadlines import deadline_within
from shared.errors import Unavailable
from shared.sharding.database_faults import CommitUnknown
from shared.sharding.shard_group import ShardGroup
from shared.sql_files import parse_query
from tests.eventually import eventually
from tests.shared.shard_groups import ShardedDatabase

WHERE = parse_query("where", "SELECT pg_is_in_recovery()")
INSERT = parse_query("insert", "INSERT INTO :schema.note (owner, body) VALUES (1, '{}')")

ON_REPLICA, ON_PRIMARY = True, False


async def where(group: ShardGroup, lag_ms_max: int) -> bool:
    answered: bool = await group.reader(0, lag_ms_max=lag_ms_max).value(WHERE)
    return answered


async def test_reads_that_may_be_stale_go_to_a_fresh_replica(migrated: ShardedDatabase) -> None:
    async with migrated.open() as group:

        async def the_replica_answers() -> None:
            assert await where(group, 5_000) is ON_REPLICA

        # At first the replica's lag is unknown.
        assert await where(group, 5_000) is ON_PRIMARY
        await eventually(the_replica_answers)
        assert await where(group, 0) is ON_PRIMARY


async def test_a_replica_that_falls_behind_is_left_alone(migrated: ShardedDatabase) -> None:
    replica = migrated.nodes.replica
    async with migrated.open() as group:

        async def answers(place: bool) -> None:
            assert await where(group, 1_500) is place

        await eventually(lambda: answers(ON_REPLICA))
        replica.psql("SELECT pg_wal_replay_pause()")
        try:
            async with group.writer(0) as tx:
                await tx.execute(INSERT)
            await eventually(lambda: answers(ON_PRIMARY))
        finally:
            replica.psql("SELECT pg_wal_replay_resume()")
        await eventually(lambda: answers(ON_REPLICA))


async def test_the_primary_answers_when_the_replica_is_gone(migrated: ShardedDatabase) -> None:
    async with migrated.open() as group:

        async def the_replica_answers() -> None:
            assert await where(group, 60_000) is ON_REPLICA

        await eventually(the_replica_answers)
        migrated.nodes.replica.crash()
        try:
            assert await where(group, 60_000) is ON_PRIMARY
        finally:
            migrated.nodes.replica.start()


async def test_the_primary_answers_in_time_when_the_replica_hangs(
    migrated: ShardedDatabase,
) -> None:
    async with migrated.open() as group:

        async def the_replica_answers() -> None:
            assert await where(group, 60_000) is ON_REPLICA

        await eventually(the_replica_answers)
        migrated.nodes.replica.send(signal.SIGSTOP)
        try:
            with deadline_within(2_000):
                assert await where(group, 60_000) is ON_PRIMARY
        finally:
            migrated.nodes.replica.send(signal.SIGCONT)


async def test_a_replica_stands_in_for_a_primary_that_is_away(migrated: ShardedDatabase) -> None:
    async with migrated.open() as group:

        async def answers(place: bool) -> None:
            try:
                assert await where(group, 0) is place
            except Unavailable as error:
                raise AssertionError from error

        async def the_replica_is_known() -> None:
            assert await where(group, 1_000) is ON_REPLICA

        await eventually(the_replica_is_known)
        migrated.nodes.a.crash()
        try:
            await eventually(lambda: answers(ON_REPLICA))
            (across,) = await group.rows_across(WHERE, [0])
            assert across["pg_is_in_recovery"] is ON_REPLICA
            with pytest.raises(Unavailable):
                async with group.writer(0):
                    pass
        finally:
            migrated.nodes.a.start()
        await eventually(lambda: answers(ON_PRIMARY))


async def test_a_replica_that_lacks_something_does_not_stand_in(migrated: ShardedDatabase) -> None:
    replica = migrated.nodes.replica
    async with migrated.open() as group:

        async def the_replica_is(place: bool) -> None:
            assert await where(group, 1_000) is place

        await eventually(lambda: the_replica_is(ON_REPLICA))
        replica.psql("SELECT pg_wal_replay_pause()")
        try:
            async with group.writer(0) as tx:
                await tx.execute(INSERT)
            await eventually(lambda: the_replica_is(ON_PRIMARY))
            migrated.nodes.a.crash()
            with pytest.raises(Unavailable):
                await where(group, 0)
        finally:
            migrated.nodes.a.start()
            replica.psql("SELECT pg_wal_replay_resume()")


async def test_a_shard_without_a_replica_is_read_from_its_primary(group: ShardGroup) -> None:
    assert await group.reader(7, lag_ms_max=5_000).value(WHERE) is ON_PRIMARY


async def test_a_commit_that_its_standby_did_not_confirm_is_no_success(
    migrated: ShardedDatabase,
) -> None:
    node = migrated.nodes.b
    node.psql("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
    node.psql("SELECT pg_reload_conf()")
    try:
        async with migrated.open() as group:

            async def write() -> None:
                async with group.writer(7) as tx:
                    await tx.execute(INSERT)

            writing = asyncio.create_task(write())

            def nobody_confirms() -> None:
                assert node.psql(
                    "SELECT count(pg_cancel_backend(pid)) FROM pg_stat_activity"
                    f" WHERE wait_event = 'SyncRep' AND datname = '{migrated.database}'"
                ) not in {"", "0"}

            await eventually(nobody_confirms)
            with pytest.raises(CommitUnknown):
                await writing
    finally:
        node.psql("ALTER SYSTEM RESET synchronous_standby_names")
        node.psql("SELECT pg_reload_conf()")
