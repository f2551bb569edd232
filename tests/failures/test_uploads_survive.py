"""Processes of upload are killed at work: every acknowledged photo is still made."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.eventually import eventually
from tests.journeys.phone import Phone, phone_of, picture
from tests.suite import Suite

PHOTOS = 12


@pytest.fixture
async def alice(suite: Suite) -> AsyncIterator[Phone]:
    async with phone_of(suite.public_url, "alice") as phone:
        yield phone


@pytest.mark.parametrize("victim", ["upload-worker-1", "store"])
async def test_every_acknowledged_photo_is_made_once_and_its_original_is_deleted(
    suite: Suite, alice: Phone, victim: str
) -> None:
    photo_ids = await asyncio.gather(*(alice.upload(picture(3000, 2000)) for _ in range(PHOTOS)))
    suite.kill_group(victim)

    async def all_are_ready() -> None:
        photos = [await alice.get(f"/v1/photos/{photo_id}") for photo_id in photo_ids]
        assert {photo["state"] for photo in photos} == {"ready"}

    await eventually(all_are_ready, within_s=60, every_s=0.5)
    assert len(set(photo_ids)) == PHOTOS

    def no_original_is_left() -> None:
        store = suite.run_dir / "data" / "store" / suite.plan.store.bucket
        assert [path.name for path in store.glob(f"quarantine/{alice.id}.*")] == []

    await eventually(no_original_is_left, within_s=30)


async def test_a_killed_replica_loses_no_upload(suite: Suite, alice: Phone) -> None:
    async def upload(number: int) -> str:
        headers = {"Content-Type": "image/jpeg", "Idempotency-Key": f"{alice.id}-{number}"}
        body = picture(2000, 1500, seed=number)

        async def accepted() -> str:
            reply = await alice.http.post("/v1/photos", content=body, headers=headers)
            assert reply.status_code == 202, reply.text
            return str(reply.json()["photo"]["id"])

        # Like a phone: the same key again until there is a reply.
        return await eventually(accepted, within_s=60, every_s=0.5)

    uploads = [asyncio.create_task(upload(number)) for number in range(PHOTOS)]
    await uploads[0]
    suite.kill("upload-1")
    photo_ids = await asyncio.gather(*uploads)
    assert len(set(photo_ids)) == PHOTOS
    assert await asyncio.gather(*(upload(number) for number in range(PHOTOS))) == photo_ids
