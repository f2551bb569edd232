"""The progress of each post's delivery, and the jobs that continue it."""

from dataclasses import dataclass, replace
from pathlib import Path

from services.feed.domain.celebrities import Delivery, Way
from shared.sharding.shard_group import ShardGroup
from shared.sharding.transaction import Transaction
from shared.sql_files import load_queries

_SQL = load_queries(Path(__file__).with_suffix(".sql"))

# Later pages have their own lane: an author with few followers never waits for a celebrity.
FAN_OUT = "fan_out"
FAN_OUT_MORE = "fan_out_more"

FIRST_PAGE_PRIORITY = 10


@dataclass(frozen=True, slots=True)
class FanOutJob:
    """One page of followers to deliver a post to."""

    post_id: int
    author_id: int
    page: int
    put_off: bool = False  # whether those who look at the app have it already


@dataclass(frozen=True, slots=True)
class Progress:
    """The page due, and the last follower who has received the post.

    `way` is the way chosen for this post; None if it is pushed or not yet decided. `delivery` is
    the author's present mode.
    """

    page: int
    after_id: int
    way: Way | None = None
    delivery: Delivery = "push"


async def find_fan_out(group: ShardGroup, post_id: int, author_id: int) -> Progress | None:
    """None if the delivery has ended or the post was withdrawn."""
    reader = group.reader(group.shard_of(post_id))
    row = await reader.row(_SQL["find_fan_out"], post_id=post_id, author_id=author_id)
    return None if row is None else Progress(**row)


async def choose_way(group: ShardGroup, job: FanOutJob, way: Way) -> None:
    """Record how the post goes out, before it goes to anybody.

    After `rise`, every rebuild of a timeline finds the author among the celebrities.
    """
    async with group.writer(group.shard_of(job.post_id)) as tx:
        await tx.execute(_SQL["choose_way"], post_id=job.post_id, way=way)
        if way == "rise":
            await tx.execute(_SQL["begin_rise"], author_id=job.author_id)


async def advance_fan_out(group: ShardGroup, post_id: int, after_id: int) -> None:
    """Record that followers up to this id have received the post."""
    async with group.writer(group.shard_of(post_id)) as tx:
        await tx.execute(_SQL["advance_fan_out"], post_id=post_id, after_id=after_id)


async def turn_page(group: ShardGroup, job: FanOutJob, after_id: int) -> None:
    """End a page and enqueue the next one, both or neither."""
    async with group.writer(group.shard_of(job.post_id)) as tx:
        turned = await tx.execute(
            _SQL["turn_page"], post_id=job.post_id, page=job.page, after_id=after_id
        )
        if turned:
            await _enqueue(tx, FanOutJob(job.post_id, job.author_id, job.page + 1))


async def end_fan_out(group: ShardGroup, job: FanOutJob, way: Way) -> None:
    """Record that every follower has received the post; a rise then ends as `merge`."""
    async with group.writer(group.shard_of(job.post_id)) as tx:
        ended = await tx.execute(_SQL["end_fan_out"], post_id=job.post_id)
        if way == "rise" and ended:
            await tx.execute(_SQL["end_rise"], author_id=job.author_id)


async def put_off(group: ShardGroup, job: FanOutJob, delay_s: float) -> None:
    """Enqueue the same page again, for later."""
    async with group.writer(group.shard_of(job.post_id)) as tx:
        await _enqueue(tx, replace(job, put_off=True), delay_s=delay_s)


async def begin_fan_out(tx: Transaction, post_id: int, author_id: int) -> None:
    """Enqueue the delivery of a new post in the transaction that writes it."""
    await tx.execute(_SQL["begin_fan_out"], post_id=post_id)
    await _enqueue(tx, FanOutJob(post_id, author_id, 0))


async def forget_fan_out(tx: Transaction, post_id: int) -> None:
    """Stop the delivery of a post that is being withdrawn."""
    await tx.execute(_SQL["end_fan_out"], post_id=post_id)


async def _enqueue(tx: Transaction, job: FanOutJob, *, delay_s: float = 0) -> None:
    payload = {"post_id": job.post_id, "author_id": job.author_id, "page": job.page}
    is_first = job.page == 0 and not job.put_off
    await tx.enqueue(
        FAN_OUT if job.page == 0 else FAN_OUT_MORE,
        # An earlier version does not know the word, and would fail to read it.
        {**payload, "put_off": True} if job.put_off else payload,
        priority=FIRST_PAGE_PRIORITY if is_first else 0,
        delay_s=delay_s,
    )
