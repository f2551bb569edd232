"""Polling an upload waits for its photo, longer than other reads last."""

import asyncio
import hashlib
from contextlib import suppress

import pytest

from services.upload.resources import Resources
from services.upload.store.uploads import find_upload
from shared.http_server.request_context import Deadlines
from shared.sharding.idempotency import IdempotentRequest, begin_once
from tests.eventually import eventually
from tests.upload.cast import new_id
from tests.upload.pictures import small_jpeg
from tests.upload.upload_api import UploadApi

_READ_SECONDS = Deadlines().read_ms / 1000


@pytest.mark.long
async def test_a_poll_outlasts_the_deadline_of_other_reads(
    api: UploadApi, resources: Resources
) -> None:
    alice, content, group = new_id(), small_jpeg(), resources.group
    begun = (await api.post("/uploads", {"length": len(content)}, alice)).json()
    path, shard = f"/uploads/{begun['id']}", group.shard_of(alice)
    sha256 = hashlib.sha256(content).digest()
    other = IdempotentRequest(f"photos/{alice}", f"upload {begun['id']}", sha256, shard)
    with suppress(ConnectionError):
        async with begin_once(group, other):
            sending = asyncio.create_task(api.send_piece(alice, begun["id"], 0, content))
            await eventually(lambda: _assert_whole(resources, begun["id"], alice))
            asking = asyncio.create_task(api.get(path, alice))
            done, _ = await asyncio.wait([sending, asking], timeout=_READ_SECONDS + 0.2)
            assert not done
            raise ConnectionError
    sent, asked = await asyncio.gather(sending, asking)
    assert sent.json()["photo"]["id"] == asked.json()["photo"]["id"]


async def _assert_whole(resources: Resources, upload_id: int, owner_id: int) -> None:
    upload = await find_upload(resources.group, upload_id, owner_id)
    assert upload is not None
    assert upload.is_whole
