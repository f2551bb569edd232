"""One effect and one reply per key."""

import asyncio
import itertools
from typing import Any

import pytest

from shared.errors import IdempotencyKeyReused, RequestInProgress, Unavailable
from shared.sharding import idempotency
from shared.sharding.idempotency import IdempotentRequest, begin_once, once
from shared.sharding.shard_group import ShardGroup
from shared.sharding.transaction import Transaction
from shared.sql_files import parse_query

INSERT = parse_query(
    "insert", "INSERT INTO :schema.note (owner, body) VALUES (:owner, '{}') RETURNING id"
)
COUNT = parse_query("count", "SELECT count(*) FROM :schema.note WHERE owner = :owner")
AGE = parse_query(
    "age",
    "UPDATE :schema.idempotency SET started_at = now() - make_interval(secs => :seconds)"
    " WHERE scope = :scope AND key = :key",
)
FIND = parse_query("find", "SELECT 1 FROM :schema.idempotency WHERE scope = :scope AND key = :key")
WAITS = parse_query("waits", "SELECT current_setting('synchronous_commit')")

_owners = itertools.count(50_000)


@pytest.fixture
def owner() -> int:
    return next(_owners)


def request(owner: int, key: str = "k1", body: bytes = b"one") -> IdempotentRequest:
    return IdempotentRequest(f"notes:{owner}", key, body, shard=owner % 8)


async def count(group: ShardGroup, owner: int) -> int:
    found: int = await group.reader(owner % 8).value(COUNT, owner=owner)
    return found


class Creation:
    """Writes a note and replies with its id."""

    def __init__(self, owner: int) -> None:
        self.owner = owner

    async def __call__(self, tx: Transaction) -> dict[str, Any]:
        return {"id": await tx.value(INSERT, owner=self.owner)}


async def test_what_was_replied_to_somebody_can_be_forgotten(group: ShardGroup, owner: int) -> None:
    other = owner + 80_000
    for of in (owner, other):
        await once(group, request(of), Creation(of))
    async with group.writer(owner % 8) as tx:
        await idempotency.forget_requests_of(tx, owner)
    for of, kept in ((owner, None), (other, 1)):
        found = await group.reader(of % 8).value(FIND, scope=f"notes:{of}", key="k1")
        assert found == kept


async def test_a_repeated_key_gives_the_first_reply_again(group: ShardGroup, owner: int) -> None:
    first = await once(group, request(owner), Creation(owner))
    again = await once(group, request(owner), Creation(owner))
    assert again == first
    assert await count(group, owner) == 1


async def test_another_key_or_scope_is_another_request(group: ShardGroup, owner: int) -> None:
    await once(group, request(owner), Creation(owner))
    await once(group, request(owner, key="k2"), Creation(owner))
    await once(group, request(owner + 8), Creation(owner))
    assert await count(group, owner) == 3
    next(itertools.islice(_owners, 8, None))


async def test_another_body_under_the_same_key_is_refused(group: ShardGroup, owner: int) -> None:
    await once(group, request(owner), Creation(owner))
    with pytest.raises(IdempotencyKeyReused):
        await once(group, request(owner, body=b"two"), Creation(owner))


async def test_a_failed_request_leaves_its_key_free(group: ShardGroup, owner: int) -> None:
    async def fail(tx: Transaction) -> dict[str, Any]:
        await Creation(owner)(tx)
        raise Unavailable

    with pytest.raises(Unavailable):
        await once(group, request(owner), fail)
    assert await count(group, owner) == 0
    await once(group, request(owner, body=b"corrected"), Creation(owner))


async def test_a_second_request_is_told_that_the_first_is_running(
    group: ShardGroup, owner: int
) -> None:
    async def meet_the_second(tx: Transaction) -> dict[str, Any]:
        with pytest.raises(RequestInProgress) as told:
            await once(group, request(owner), Creation(owner))
        assert told.value.retry_after_s == 1
        return await Creation(owner)(tx)

    await once(group, request(owner), meet_the_second)
    assert await count(group, owner) == 1


async def test_of_fifty_at_once_one_has_an_effect(group: ShardGroup, owner: int) -> None:
    async def retry() -> dict[str, Any]:
        while True:
            try:
                return await once(group, request(owner), Creation(owner))
            except RequestInProgress:
                continue

    replies = await asyncio.gather(*(retry() for _ in range(50)))
    assert all(reply == replies[0] for reply in replies)
    assert await count(group, owner) == 1


async def create_in_two_phases(group: ShardGroup, owner: int) -> dict[str, Any]:
    async with begin_once(group, request(owner)) as attempt:
        if attempt.reply is not None:
            return attempt.reply
        async with group.writer(owner % 8) as tx:
            reply = await Creation(owner)(tx)
            await attempt.finish(tx, reply)
        return reply


async def test_two_phases_replay_as_well(group: ShardGroup, owner: int) -> None:
    first = await create_in_two_phases(group, owner)
    assert await create_in_two_phases(group, owner) == first
    assert await count(group, owner) == 1


async def test_between_the_phases_a_second_request_is_told(group: ShardGroup, owner: int) -> None:
    async with begin_once(group, request(owner)):
        with pytest.raises(RequestInProgress):
            await create_in_two_phases(group, owner)
        with pytest.raises(IdempotencyKeyReused):
            async with begin_once(group, request(owner, body=b"two")):
                pass


async def test_a_lease_does_not_wait_for_the_disk_but_effect_and_replay_do(
    group: ShardGroup, owner: int
) -> None:
    begun = []

    async def waits(tx: Transaction) -> dict[str, Any]:
        begun.append(await tx.value(WAITS))
        return {}

    async with group.writer(owner % 8) as tx:
        await idempotency._begin(tx, request(owner), 1, lazily=True)
        assert await tx.value(WAITS) == "off"
        await idempotency._record(tx, request(owner), 1, {})
    async with group.writer(owner % 8) as tx:
        assert await idempotency._begin(tx, request(owner), 2, lazily=True) == {}
        assert await tx.value(WAITS) == "on"
    await once(group, request(owner, key="k2"), waits)
    assert begun == ["on"]


async def test_a_failure_between_the_phases_frees_the_key(group: ShardGroup, owner: int) -> None:
    with pytest.raises(Unavailable):
        async with begin_once(group, request(owner)):
            raise Unavailable
    await create_in_two_phases(group, owner)
    assert await count(group, owner) == 1


async def test_a_request_whose_process_died_is_taken_over_and_the_dead_one_has_no_effect(
    group: ShardGroup, owner: int
) -> None:
    async with begin_once(group, request(owner)) as dead:
        async with group.writer(owner % 8) as tx:
            seconds = idempotency.LEASE_SECONDS + 1
            await tx.execute(AGE, scope=f"notes:{owner}", key="k1", seconds=seconds)
        first = await create_in_two_phases(group, owner)
        with pytest.raises(RequestInProgress):
            async with group.writer(owner % 8) as tx:
                await dead.finish(tx, await Creation(owner)(tx))
    assert await create_in_two_phases(group, owner) == first
    assert await count(group, owner) == 1


async def test_the_effect_belongs_in_the_shard_of_its_record(group: ShardGroup, owner: int) -> None:
    async with begin_once(group, request(owner)) as attempt:
        with pytest.raises(ValueError, match="one shard"):
            async with group.writer((owner + 1) % 8) as tx:
                await attempt.finish(tx, {})


async def test_new_requests_sweep_those_older_than_a_day(group: ShardGroup, owner: int) -> None:
    await once(group, request(owner), Creation(owner))
    async with group.writer(owner % 8) as tx:
        seconds = idempotency.KEPT_SECONDS + 1
        await tx.execute(AGE, scope=f"notes:{owner}", key="k1", seconds=seconds)
    await once(group, request(owner, key="k2"), Creation(owner))
    reader = group.reader(owner % 8)
    assert await reader.row(FIND, scope=f"notes:{owner}", key="k1") is None
    assert await reader.row(FIND, scope=f"notes:{owner}", key="k2") is not None
