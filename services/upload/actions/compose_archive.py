"""Adds an account's photos to its documents and stores the archive as one file."""

import asyncio
import os
import tempfile
import zipfile
from typing import IO

import orjson

from services.upload.actions.forget_archive import FORGET_ARCHIVE_JOB
from services.upload.domain.archives import KEPT
from services.upload.domain.photos import StoredPhoto, photo_of
from services.upload.store.archives import find_archive, mark_ready
from services.upload.store.objects import Objects, archive_key, documents_key
from services.upload.store.photos import page_of_owner
from shared.errors import NotFound
from shared.export_dialect import exported
from shared.sharding.shard_group import ShardGroup

_PAGE_MAX = 100


async def compose_archive(group: ShardGroup, objects: Objects, archive_id: int) -> None:
    """Compose it; repeatable. Raises Unavailable while the store is away, to be run again."""
    archive = await find_archive(group, archive_id)
    if archive is None or archive.state == "ready":
        return
    # The unnamed file ends with the process. Only one photo at a time is in memory.
    with await asyncio.to_thread(tempfile.TemporaryFile) as file:
        await objects.read(documents_key(archive_id), file.write)
        await _add_photos(group, objects, archive.owner_id, file)
        size = await asyncio.to_thread(file.seek, 0, os.SEEK_END)
        file.seek(0)
        await objects.put_file(archive_key(archive_id), file, size)
    async with group.writer(group.shard_of(archive_id)) as tx:
        if await mark_ready(tx, archive_id, size):
            await tx.enqueue(
                FORGET_ARCHIVE_JOB,
                {"archive_id": archive_id},
                delay_s=KEPT.total_seconds(),
            )
    await objects.delete([documents_key(archive_id)])


async def _add_photos(group: ShardGroup, objects: Objects, owner_id: int, file: IO[bytes]) -> None:
    described: list[bytes] = []
    with zipfile.ZipFile(file, "a") as archive:
        after = 0
        while page := await page_of_owner(group, owner_id, after=after, limit=_PAGE_MAX):
            for photo in page:
                described.append(orjson.dumps(exported(photo_of(photo))))
                await _add_photo(objects, photo, archive)
            after = page[-1].id
        content = b"[" + b",\n".join(described) + b"]"
        await asyncio.to_thread(
            archive.writestr, "photos.json", content, compress_type=zipfile.ZIP_DEFLATED
        )


async def _add_photo(objects: Objects, photo: StoredPhoto, archive: zipfile.ZipFile) -> None:
    """Add the largest rendition, since the original is gone."""
    for rendition in photo.renditions[:1]:
        content = bytearray()
        try:
            await objects.read(rendition["key"], content.extend)
        except NotFound:
            # Its owner has just deleted it, so it no longer belongs in the archive.
            return
        # A JPEG is compressed already.
        await asyncio.to_thread(archive.writestr, f"photos/{photo.id}.jpg", bytes(content))
