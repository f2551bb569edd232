"""Measures the fan-out of posts to ten thousand home timelines, and the limit that Redis sets.

Ours runs against the running suite (RETRATO_RUN_DIR or .run). Posts are committed with their jobs.
The suite's feed worker reads the followers from users page by page, pushes to full timelines of 800
entries, and stores its progress. Afterwards the lengths and contents are checked.

The other engines write to a Redis of their own, without TLS, jobs or a database. redis-benchmark
runs the same script on as many keys per call. redis-py sends a pipeline of ZADD and
ZREMRANGEBYRANK. stream-framework (PyPI) writes a batch of timelines.
"""

import asyncio
import contextlib
import os
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from unittest.mock import patch

import uvloop

from bench.charts import BarChart
from bench.cpu_meter import cpu_seconds, idle_rates, spent_between, without_idle
from bench.fan_out_engines import ENGINES, EngineRow, engine_rows
from bench.results import Report, Section
from services.feed.domain.entities import read_text
from services.feed.domain.skeletons import HOME_TIMELINE_ENTRIES_MAX, Skeleton
from services.feed.resources import Resources, open_resources
from services.feed.settings import FeedSettings
from services.feed.store.fan_outs import begin_fan_out, find_fan_out
from services.feed.store.home_timelines import home_key
from services.feed.store.posts import insert_post
from shared.ids import first_id_at
from shared.sharding.shard_map import schema_of
from tests.feed.cast import draft_of, new_id
from tests.feed.fake_upload import snapshot
from tests.suite import Suite

# One below the number of followers from which posts are merged on read instead of pushed.
FOLLOWERS = 9_999
POSTS = 20
WITHIN_S = 120.0
_BATCH = 100
# The inserted edges have no truth, and users' reconciler removes such edges unless their version is
# within ten seconds of now.
_EDGES_AHEAD_S = 9.0
# Each fill takes a connection; more at once would wait longer than the pool allows.
_FILLED_AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class FanOutResult:
    """Our result: deliveries, CPU time by kind of process, and the memory of the timelines."""

    deliveries: int
    seconds: float
    cpu_s: Mapping[str, float]
    timelines_bytes: int
    others: list[EngineRow] = field(default_factory=list)

    @property
    def per_second(self) -> float:
        """Deliveries per second."""
        return self.deliveries / self.seconds

    @property
    def cpu_us(self) -> float:
        """Microseconds of CPU per delivery, over all processes."""
        return sum(self.cpu_s.values()) / self.deliveries * 1e6


async def main() -> None:
    """Measure and print a table."""
    suite = Suite(Path(os.environ.get("RETRATO_RUN_DIR") or ".run"), None)
    Report("Fan-out").add(section(await measure(suite)))


def section(result: FanOutResult) -> Section:
    """Make the report's section."""
    rows = [EngineRow("ours, from job to timelines", result.per_second, result.cpu_us)]
    rows += result.others
    by_kind = {kind: s / result.deliveries * 1e6 for kind, s in result.cpu_s.items()}
    return Section(
        "A post reaching ten thousand timelines",
        f"{POSTS} posts go to {FOLLOWERS} full timelines. Ours is measured from the commit of the"
        " posts to the end of their jobs, and includes the queue, users' pages of followers,"
        " checkpoints and TLS. Every timeline is checked afterwards. The CPU time of the idle suite"
        " is subtracted. The others only write to a local Redis, without TLS, jobs or a database.",
        ["engine", "deliveries/s", "CPU µs each", "of ours"],
        [
            [
                row.name,
                f"{row.per_second:,.0f}",
                f"{row.cpu_us:.2f}",
                f"{row.per_second / result.per_second:.1f}",
            ]
            for row in rows
        ],
        [
            BarChart(
                "CPU time of one of our deliveries, by kind of process",
                "A delivery puts one post into the home timeline of one follower. The bar shows how"
                " long each program works for it. Shorter is better.",
                "µs",
                [("ours", by_kind)],
            )
        ],
        [_of_memory(result)],
    )


def _of_memory(result: FanOutResult) -> str:
    each = result.timelines_bytes / FOLLOWERS
    return (
        f"{FOLLOWERS} timelines of {HOME_TIMELINE_ENTRIES_MAX} entries take"
        f" {result.timelines_bytes / 1e6:.1f} MB of Redis: {each:,.0f} bytes each"
    )


async def measure(suite: Suite) -> FanOutResult:
    """Measure ours, then the other engines that can be installed."""
    with patch.dict(os.environ, suite.env("feed", instance="feed-bench")):
        settings = FeedSettings()  # type: ignore[call-arg] # from the environment
    idle = await idle_rates(suite)
    async with open_resources(settings) as resources, _followed(suite, resources) as world:
        posts, seconds, spent_s = await _deliver(suite, resources, world.author_id)
        cpu_s = without_idle(spent_s, idle, seconds)
        await _check(suite, world.follower_ids, posts)
        result = FanOutResult(FOLLOWERS * POSTS, seconds, cpu_s, world.timelines_bytes)
    others = await asyncio.to_thread(engine_rows, ENGINES)
    return FanOutResult(
        result.deliveries, result.seconds, result.cpu_s, result.timelines_bytes, others
    )


@dataclass(frozen=True, slots=True)
class World:
    """An author, the followers, and the memory of their full timelines."""

    author_id: int
    follower_ids: list[int]
    timelines_bytes: int


@asynccontextmanager
async def _followed(suite: Suite, resources: Resources) -> AsyncIterator[World]:
    """Create followers with full timelines; everything is deleted afterwards."""
    author_id = new_id()
    first = first_id_at(int(time.time() * 1000) - 3_600_000)
    follower_ids = list(range(first, first + FOLLOWERS))
    group = resources.group
    shard = group.shard_of(author_id)
    node = next(
        database
        for database in suite.plan.groups["users"].databases
        if database.first_shard <= shard <= database.last_shard
    )
    async with suite.postgres(node.name) as users:
        try:
            timelines_bytes = await _fill(suite, resources, follower_ids)
            await users.execute(
                f"INSERT INTO {schema_of(shard)}.edge_in (kind, dst, src, state, version)"
                " SELECT 'follow', $1, src, 'active', $3 FROM unnest($2::bigint[]) AS src",
                author_id,
                follower_ids,
                first_id_at(int((time.time() + _EDGES_AHEAD_S) * 1000)),
            )
            yield World(author_id, follower_ids, timelines_bytes)
        finally:
            await users.execute(
                f"DELETE FROM {schema_of(shard)}.edge_in WHERE dst = $1",
                author_id,
            )
            await _clear(suite, resources, author_id, follower_ids)


async def _fill(suite: Suite, resources: Resources, follower_ids: list[int]) -> int:
    first = first_id_at(int(time.time() * 1000) - 7_200_000)
    ids = list(range(first + HOME_TIMELINE_ENTRIES_MAX, first, -1))

    async def fill(follower_id: int) -> None:
        token = await resources.timelines.begin_rebuild(follower_id)
        assert token is not None
        await resources.timelines.finish_rebuild(follower_id, token, Skeleton(ids, ids[-1] - 1))

    before = await _used_memory(suite)
    for start in range(0, len(follower_ids), _FILLED_AT_ONCE):
        await asyncio.gather(*map(fill, follower_ids[start : start + _FILLED_AT_ONCE]))
    return await _used_memory(suite) - before


async def _used_memory(suite: Suite) -> int:
    async with suite.redis("feed") as redis:
        return int((await redis.info("memory"))["used_memory"])


async def _deliver(
    suite: Suite, resources: Resources, author_id: int
) -> tuple[list[int], float, Mapping[str, float]]:
    group = resources.group
    before, begun_s = cpu_seconds(suite), time.monotonic()
    posts = []
    for _ in range(POSTS):
        async with group.writer(group.shard_of(author_id)) as tx:
            body = await insert_post(
                tx, author_id, draft_of(), read_text("").linked({}), [snapshot(new_id())]
            )
            await begin_fan_out(tx, body["id"], author_id)
        posts.append(body["id"])
    waiting = set(posts)
    while waiting:
        if time.monotonic() - begun_s > WITHIN_S:
            sys.exit("The worker has not delivered everything: is it running?")
        for post_id in sorted(waiting):
            if await find_fan_out(group, post_id, author_id) is None:
                waiting.discard(post_id)
        await asyncio.sleep(0.01)
    seconds = time.monotonic() - begun_s
    return posts, seconds, spent_between(before, cpu_seconds(suite))


async def _check(suite: Suite, follower_ids: list[int], posts: list[int]) -> None:
    """Assert that every timeline has every post and keeps its bound."""
    async with suite.redis("feed") as redis:
        for start in range(0, len(follower_ids), _BATCH):
            async with redis.pipeline(transaction=False) as pipeline:
                for follower_id in follower_ids[start : start + _BATCH]:
                    pipeline.lrange(home_key(follower_id), 0, -1)
                for entries in await pipeline.execute():
                    head = {int(entry) for entry in entries[: POSTS * 2] if entry.isdigit()}
                    assert set(posts) <= head
                    assert len(entries) <= HOME_TIMELINE_ENTRIES_MAX + 65


async def _clear(
    suite: Suite, resources: Resources, author_id: int, follower_ids: list[int]
) -> None:
    keys = [home_key(follower_id) for follower_id in follower_ids]
    async with suite.redis("feed") as redis:
        for start in range(0, len(keys), 1_000):
            await redis.unlink(*keys[start : start + 1_000])
    group = resources.group
    schema = schema_of(group.shard_of(author_id))
    node = group.primary_node(group.shard_of(author_id))
    connection = await node.acquire()
    try:
        for table in ("post", "author"):
            await connection.execute(
                f"DELETE FROM {schema}.{table} WHERE author_id = $1",
                author_id,
            )
    finally:
        await node.release(connection)


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        uvloop.run(main())
