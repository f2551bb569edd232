"""A received picture is durable before it is acknowledged, or leaves nothing."""

import asyncio
import hashlib
import secrets
import tracemalloc
from collections.abc import AsyncIterator

import pytest

from services.upload.actions.backlog import Backlog, QueueIsFull
from services.upload.actions.claim_photos import claim_photos
from services.upload.actions.process_photo import PROCESS_JOB, PROCESS_SLOW_JOB
from services.upload.actions.receive_photo import (
    DigestMismatch,
    PictureTooLarge,
    SentPicture,
    receive_photo,
)
from services.upload.domain.picture_kinds import NotAnImage
from services.upload.store.objects import Objects
from services.upload.store.photos import find_photo, page_of_owner
from shared.errors import RequestInProgress
from shared.jobs.queue_length import count_waiting
from shared.sharding.shard_group import ShardGroup
from tests.upload.cast import Cast, in_pieces, new_id
from tests.upload.pictures import small_jpeg


async def test_the_store_holds_exactly_the_received_bytes(
    group: ShardGroup, objects: Objects, cast: Cast
) -> None:
    content = small_jpeg() + secrets.token_bytes(3_000_000)
    sent = await cast.sends(new_id(), content)
    photo = await find_photo(group, sent["id"])
    assert photo is not None
    assert photo.quarantine_key is not None
    taken: list[bytes] = []
    await objects.read(photo.quarantine_key, taken.append)
    assert b"".join(taken) == content


@pytest.mark.parametrize("piece_bytes", [1, 7, 1000, 10_000_000])
async def test_the_chunks_of_the_body_do_not_matter(
    group: ShardGroup, objects: Objects, piece_bytes: int
) -> None:
    body = in_pieces(small_jpeg(), piece_bytes)
    photo = await receive_photo(group, objects, SentPicture(new_id(), body))
    assert photo["state"] == "processing"


async def test_a_wrong_kind_is_refused_before_it_has_arrived_in_full(
    group: ShardGroup, objects: Objects
) -> None:
    asked_for = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal asked_for
        while True:
            asked_for += 1
            yield b"nonsense" * 100

    with pytest.raises(NotAnImage):
        await receive_photo(group, objects, SentPicture(new_id(), endless()))
    assert asked_for == 1


async def test_an_endless_body_ends_at_the_limit(group: ShardGroup, objects: Objects) -> None:
    async def endless() -> AsyncIterator[bytes]:
        yield small_jpeg()
        while True:
            yield b"\0" * 100_000

    with pytest.raises(PictureTooLarge):
        await receive_photo(group, objects, SentPicture(new_id(), endless()))


async def test_a_large_body_is_not_held_in_memory(group: ShardGroup, objects: Objects) -> None:
    async def large() -> AsyncIterator[bytes]:
        yield small_jpeg()
        for _ in range(190):
            yield bytes(100_000)

    tracemalloc.start()
    try:
        await receive_photo(group, objects, SentPicture(new_id(), large()))
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 8_000_000


async def test_concurrent_copies_of_one_request_make_one_photo(cast: Cast) -> None:
    alice, key = new_id(), secrets.token_hex(8)
    replies = await asyncio.gather(
        *(cast.sends(alice, key=key) for _ in range(6)), return_exceptions=True
    )
    assert {type(reply) for reply in replies} <= {dict, RequestInProgress}
    assert len({reply["id"] for reply in replies if isinstance(reply, dict)}) == 1


async def test_a_request_that_failed_for_the_store_can_be_repeated(
    group: ShardGroup, objects: Objects, cast: Cast
) -> None:
    alice, key = new_id(), secrets.token_hex(8)
    broken = Objects(None, "no bucket")
    with pytest.raises(AttributeError):
        await receive_photo(group, broken, SentPicture(alice, in_pieces(small_jpeg()), key))
    assert (await cast.sends(alice, key=key))["state"] == "processing"


async def test_bytes_that_do_not_match_their_digest_are_not_kept(
    group: ShardGroup, objects: Objects
) -> None:
    alice = new_id()
    sent = SentPicture(alice, in_pieces(small_jpeg()), None, hashlib.sha256(b"other").digest())
    with pytest.raises(DigestMismatch):
        await receive_photo(group, objects, sent)
    assert await page_of_owner(group, alice, after=0, limit=1) == []
    assert await objects.keys_of_originals(alice, 1) == []


class SameBytes:
    """One picture that its owner sends repeatedly with its digest."""

    def __init__(self, group: ShardGroup, objects: Objects) -> None:
        self.owner_id = new_id()
        self.content = small_jpeg()
        self._group = group
        self._objects = objects

    async def sent(self, key: str | None = None) -> int:
        """Send it, and return the id of its photo."""
        sha256 = hashlib.sha256(self.content).digest()
        sent = SentPicture(self.owner_id, in_pieces(self.content), key, sha256)
        return (await receive_photo(self._group, self._objects, sent))["id"]


async def test_the_same_picture_with_its_digest_is_one_photo_and_one_original(
    group: ShardGroup, objects: Objects
) -> None:
    alice = SameBytes(group, objects)
    keys = [None, None, secrets.token_hex(8), secrets.token_hex(8)]
    assert len(set(await asyncio.gather(*(alice.sent(key) for key in keys)))) == 1
    assert len(await objects.keys_of_originals(alice.owner_id, 9)) == 1


async def test_a_published_picture_may_be_sent_again(
    group: ShardGroup, objects: Objects, cast: Cast
) -> None:
    alice = SameBytes(group, objects)
    first = await alice.sent()
    await cast.processes(first)
    await claim_photos(group, alice.owner_id, [first], "post/1", 0)
    assert await alice.sent() != first


async def test_the_same_picture_of_another_owner_is_another_photo(
    group: ShardGroup, objects: Objects
) -> None:
    alice, bob = SameBytes(group, objects), SameBytes(group, objects)
    assert await alice.sent() != await bob.sent()


async def test_a_full_queue_refuses_pictures_until_there_is_room(
    group: ShardGroup, objects: Objects, cast: Cast
) -> None:
    full = Backlog(group, {PROCESS_JOB: 0, PROCESS_SLOW_JOB: 1_000_000})
    alice = new_id()
    with pytest.raises(QueueIsFull) as refusal:
        await receive_photo(group, objects, SentPicture(alice, in_pieces(small_jpeg())), full)
    assert refusal.value.retry_after_s
    assert await page_of_owner(group, alice, after=0, limit=1) == []
    await full.admit(PROCESS_SLOW_JOB)  # Slow pictures wait in a queue of their own.


async def test_pictures_admitted_by_other_replicas_fill_the_queue_too(
    group: ShardGroup, cast: Cast
) -> None:
    waiting = len([await cast.sends(new_id()) for _ in range(5)])
    one_more = waiting + await _count_others(group, waiting) + 1
    backlog = Backlog(group, {PROCESS_JOB: one_more})
    await backlog.admit(PROCESS_JOB)
    with pytest.raises(QueueIsFull):
        await backlog.admit(PROCESS_JOB)


async def _count_others(group: ShardGroup, own: int) -> int:
    """The number of jobs that earlier tests have left in the queues."""
    counts = [
        await count_waiting(group.primary_by_name(primary.name), [PROCESS_JOB])
        for primary in group.primaries()
    ]
    return sum(count.get(PROCESS_JOB, 0) for count in counts) - own
