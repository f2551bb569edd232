"""What commits without waiting for a standby may be lost by a failover, and is then done again."""

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from services.feed.store.fan_outs import advance_fan_out, find_fan_out
from services.users.domain.names import username_of
from services.users.store import directory
from shared.edges.edges import Edges
from shared.jobs.outbox_relay import OutboxRelay
from shared.sharding.outbox import OutboxEvent
from shared.sharding.shard_group import ShardGroup
from shared.sql_files import parse_query
from tests.eventually import eventually
from tests.shared.postgres_nodes import ElectingMembers
from tests.shared.shard_groups import ElectedDatabase

pytestmark = [pytest.mark.data, pytest.mark.long]

LEFT = parse_query("left", "SELECT position FROM :schema.outbox")
BEGIN = parse_query(
    "begin",
    "WITH post AS (INSERT INTO :schema.post (id, author_id, photos, caption, hashtags, mentions)"
    " VALUES (:id, :id, '[]', '', '{}', '{}') RETURNING id)"
    " INSERT INTO :schema.fan_out (post_id) SELECT id FROM post",
)


@pytest.fixture(scope="module")
def members() -> Iterator[ElectingMembers]:
    servers = ElectingMembers(f"127.{64 + os.getpid() % 128}")
    try:
        yield servers
    finally:
        servers.remove()


@asynccontextmanager
async def opened(
    members: ElectingMembers, folder: Path, service: str | None = None
) -> AsyncIterator[ShardGroup]:
    database = ElectedDatabase(members, folder)
    migrations = [] if service is None else [Path("services", service, "migrations")]
    await database.migrate(*migrations)
    async with database.open() as group:
        yield group


@asynccontextmanager
async def lost(members: ElectingMembers) -> AsyncIterator[None]:
    """Lose what the block commits, and nothing from before: its leader is killed afterwards."""
    position = members.leader.psql("SELECT pg_current_wal_flush_lsn()")

    def the_follower_has_it() -> None:
        received = f"SELECT pg_last_wal_replay_lsn() >= '{position}'::pg_lsn"
        assert members.follower.psql(received) == "t"

    def it_receives_nothing_more() -> None:
        assert members.follower.psql("SELECT count(*) FROM pg_stat_wal_receiver") == "0"

    await eventually(the_follower_has_it)
    members.cut_follower()
    await eventually(it_receives_nothing_more)
    yield
    members.leader.crash()
    members.promote()
    members.rejoin()


async def test_an_event_whose_end_was_lost_is_delivered_again(
    members: ElectingMembers, tmp_path: Path
) -> None:
    delivered: list[int] = []

    async def note(events: list[OutboxEvent]) -> None:
        delivered.extend(event.payload["n"] for event in events)

    async with opened(members, tmp_path) as group:
        relay = OutboxRelay(group, {"news": note})
        for number in (1, 2):
            async with group.writer(3) as tx:
                await tx.publish("news", {"n": number})
        async with lost(members):
            await relay.drain(3)
            assert (delivered, await group.reader(3).rows(LEFT)) == ([1, 2], [])
        await relay.drain(3)
        assert delivered == [1, 2, 1, 2]
        assert await group.reader(3).rows(LEFT) == []


async def test_an_edge_whose_mirror_was_lost_is_mirrored_again_and_counted_once(
    members: ElectingMembers, tmp_path: Path
) -> None:
    alice, bob = (1 << 23) | (1 << 10), (1 << 23) | (2 << 10)
    async with opened(members, tmp_path) as group:
        follows = Edges(group, "follow")
        async with group.writer(1) as tx:
            await follows.put(alice, bob, tx=tx)
            tx.after_commit.clear()  # the relay alone mirrors it
        async with lost(members):
            await OutboxRelay(group, {}).drain(1)
            assert (await follows.counts([bob]))[bob].in_count == 1
            assert await group.reader(1).rows(LEFT) == []
        assert await follows.states_in(bob, [alice]) == {}
        await OutboxRelay(group, {}).drain(1)
        assert await follows.states_in(bob, [alice]) == {alice: "active"}
        assert (await follows.counts([bob]))[bob].in_count == 1
        assert await group.reader(1).rows(LEFT) == []


async def test_a_delivery_whose_progress_was_lost_goes_over_its_followers_again(
    members: ElectingMembers, tmp_path: Path
) -> None:
    post = (1 << 23) | (4 << 10)
    async with opened(members, tmp_path, "feed") as group:
        async with group.writer(4) as tx:
            await tx.execute(BEGIN, id=post)
        async with lost(members):
            await advance_fan_out(group, post, 500)
        progress = await find_fan_out(group, post, post)
        assert progress is not None
        assert progress.after_id == 0
        await advance_fan_out(group, post, 500)
        progress = await find_fan_out(group, post, post)
        assert progress is not None
        assert progress.after_id == 500


async def test_a_name_whose_confirmation_was_lost_stays_reserved_and_is_confirmed_again(
    members: ElectingMembers, tmp_path: Path
) -> None:
    alice, name = directory.Holder((1 << 23) | (5 << 10), "sign-up"), username_of("alice")
    async with opened(members, tmp_path, "users") as group:
        await directory.reserve_free_name(group, name, alice)
        async with lost(members):
            await directory.confirm(group, name, alice.user_id)
        entry = await directory.find_entry(group, name)
        assert entry is not None
        assert (entry.holder, entry.is_confirmed) == (alice, False)
        # Nobody else gets it meanwhile; test_sign_up shows who confirms it when it expires.
        other = directory.Holder(alice.user_id + 1, "another")
        assert await directory.reserve_free_name(group, name, other) is None
        await directory.confirm(group, name, alice.user_id)
        entry = await directory.find_entry(group, name)
        assert entry is not None
        assert entry.is_confirmed
