"""Receiving a picture: all of it durable before it is acknowledged, or nothing at all."""

import asyncio
import secrets
import tracemalloc
from collections.abc import AsyncIterator

import pytest

from services.upload.actions.receive_photo import PictureTooLarge, receive_photo
from services.upload.domain.picture_kinds import NotAnImage
from services.upload.store.objects import Objects
from services.upload.store.photos import find_photo
from shared.errors import RequestInProgress
from shared.sharding.shard_group import ShardGroup
from tests.upload.cast import Cast, in_pieces, new_id
from tests.upload.pictures import small_jpeg


async def test_what_was_received_is_what_the_store_holds(
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
async def test_it_does_not_matter_how_the_bytes_are_cut(
    group: ShardGroup, objects: Objects, piece_bytes: int
) -> None:
    body = in_pieces(small_jpeg(), piece_bytes)
    photo = await receive_photo(group, objects, new_id(), body, None)
    assert photo["state"] == "processing"


async def test_a_wrong_kind_is_refused_before_all_of_it_was_sent(
    group: ShardGroup, objects: Objects
) -> None:
    asked_for = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal asked_for
        while True:
            asked_for += 1
            yield b"nonsense" * 100

    with pytest.raises(NotAnImage):
        await receive_photo(group, objects, new_id(), endless(), None)
    assert asked_for == 1


async def test_an_endless_body_ends_at_the_limit(group: ShardGroup, objects: Objects) -> None:
    async def endless() -> AsyncIterator[bytes]:
        yield small_jpeg()
        while True:
            yield b"\0" * 100_000

    with pytest.raises(PictureTooLarge):
        await receive_photo(group, objects, new_id(), endless(), None)


async def test_a_large_body_is_not_held_in_memory(group: ShardGroup, objects: Objects) -> None:
    async def large() -> AsyncIterator[bytes]:
        yield small_jpeg()
        for _ in range(190):
            yield bytes(100_000)

    tracemalloc.start()
    try:
        await receive_photo(group, objects, new_id(), large(), None)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 8_000_000


async def test_of_one_request_sent_many_times_at_once_one_photo_remains(cast: Cast) -> None:
    alice, key = new_id(), secrets.token_hex(8)
    replies = await asyncio.gather(
        *(cast.sends(alice, key=key) for _ in range(6)), return_exceptions=True
    )
    assert {type(reply) for reply in replies} <= {dict, RequestInProgress}
    assert len({reply["id"] for reply in replies if isinstance(reply, dict)}) == 1


async def test_a_request_whose_store_was_away_can_be_sent_again(
    group: ShardGroup, objects: Objects, cast: Cast
) -> None:
    alice, key = new_id(), secrets.token_hex(8)
    broken = Objects(None, "no bucket")
    with pytest.raises(AttributeError):
        await receive_photo(group, broken, alice, in_pieces(small_jpeg()), key)
    assert (await cast.sends(alice, key=key))["state"] == "processing"
