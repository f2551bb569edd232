"""Receives the documents of an account's archive; the worker adds the photos."""

from collections.abc import AsyncIterator

from services.upload.store.archives import insert_archive
from services.upload.store.objects import Objects, documents_key
from services.upload.store.spool import Spool
from shared.errors import NotFound, TooLarge
from shared.sharding.shard_group import ShardGroup

COMPOSE_JOB = "compose_archive"

# Compressed text of a hundred thousand posts and comments takes a few tens of megabytes.
DOCUMENTS_BYTES_MAX = 500_000_000


async def receive_archive(
    group: ShardGroup,
    objects: Objects,
    owner_id: int,
    archive_id: int,
    body: AsyncIterator[bytes],
) -> None:
    """Store a zip of documents; repeatable.

    Raises TooLarge, and NotFound for an archive that cannot be this owner's or comes too late.
    """
    shard = group.shard_of(owner_id)
    if group.shard_of(archive_id) != shard:
        raise NotFound
    async with Spool() as spool:
        async for chunk in body:
            if spool.size + len(chunk) > DOCUMENTS_BYTES_MAX:
                raise TooLarge
            await spool.append(chunk)
        await objects.put_file(documents_key(archive_id), await spool.rewound(), spool.size)
    try:
        async with group.writer(shard) as tx:
            if await insert_archive(tx, archive_id, owner_id):
                # The job names only the archive, so that it reveals no owner.
                await tx.enqueue(COMPOSE_JOB, {"archive_id": archive_id})
    except NotFound:
        # The account was deleted while its copy was being made.
        await objects.delete([documents_key(archive_id)])
        raise
