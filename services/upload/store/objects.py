"""The object store: originals in quarantine, renditions for good, archives for a week."""

import asyncio
import io
import uuid
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import IO, Any

import aiohttp
import botocore.exceptions  # type: ignore[import-untyped]

from services.upload.domain.renditions import DrawnRendition
from services.upload.store.unflushed_folder import UnflushedFolder
from shared.contracts.photos import Rendition
from shared.errors import NotFound, Unavailable

QUARANTINE = "quarantine"
RENDITIONS = "renditions"
ARCHIVES = "archives"
_CHUNK_BYTES = 256 * 1024
# For one reply of the store, including the body of a put: a slow disk takes a second for 20 MB.
_ANSWER_SECONDS_MAX = 20.0
_MISSING = {"NoSuchKey", "404", "NotFound"}


class StoreUnavailable(Unavailable):
    """The object store does not answer, or answers with an error."""

    code = "store_unavailable"
    title = "The photo store does not answer at the moment."


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object being read; `chunks` can be iterated once."""

    size: int
    chunks: AsyncIterator[bytes]


@dataclass(frozen=True, slots=True)
class ListedObject:
    """An object as the store lists it."""

    key: str
    size: int
    modified_at: datetime


def quarantine_key(owner_id: int) -> str:
    """A new key for an original; the owner in it tells the sweep which shard to ask.

    All originals share one folder. A store on files would otherwise make and remove a folder per
    owner, and a concurrent put would fail.
    """
    return f"{QUARANTINE}/{owner_id}.{uuid.uuid4().hex}"


def piece_key(owner_id: int) -> str:
    """A new key for a piece of an upload; swept like an original without a photo."""
    return f"{QUARANTINE}/{owner_id}.piece-{uuid.uuid4().hex}"


def documents_key(archive_id: int) -> str:
    """The key of an archive's documents until the photos are added."""
    return f"{ARCHIVES}/{archive_id}.documents"


def archive_key(archive_id: int) -> str:
    """The key of an archive."""
    return f"{ARCHIVES}/{archive_id}.zip"


def rendition_key(photo_id: int, file_name: str) -> str:
    """The key of a rendition; the domain builds the same from its content."""
    return f"{RENDITIONS}/{photo_id}/{file_name}"


class Objects:
    """One bucket, through one client for any S3.

    A key is written with the same bytes only. Every fault of the store is StoreUnavailable; a
    missing object is NotFound. With a second bucket, missing objects are read there and deletions
    go to both.

    An object that was put is on disk: by the store's own promise, or by flushing its folder.
    """

    def __init__(
        self,
        client: Any,
        bucket: str,
        second: "Objects | None" = None,
        unflushed: UnflushedFolder | None = None,
    ) -> None:
        self._client = client
        self._bucket = bucket
        self._unflushed = unflushed
        self.second = second

    async def make_bucket(self) -> None:
        """Create the bucket if it is missing; it is private by default."""
        try:
            async with _answer():
                await self._client.head_bucket(Bucket=self._bucket)
        except NotFound:
            async with _answer():
                await self._client.create_bucket(Bucket=self._bucket)

    async def put_file(self, key: str, body: IO[bytes], size: int) -> None:
        """Store bytes unchanged; `body` is read from its current position."""
        async with _answer():
            await self._client.put_object(
                Bucket=self._bucket, Key=key, Body=body, ContentLength=size
            )
        await self._flush([key])

    async def read(self, key: str, take: Callable[[bytes], object]) -> None:
        """Pass the bytes to `take`, piece by piece; raises NotFound."""
        async with self._opened(key) as stored:
            async for chunk in stored.chunks:
                take(chunk)

    async def put_renditions(
        self, drawn: Sequence[DrawnRendition], described: Sequence[Rendition]
    ) -> None:
        """Store all renditions of a photo; repeatable."""
        puts = [
            self._put_rendition(said, rendition.content)
            for rendition, said in zip(drawn, described, strict=True)
        ]
        # All end before the first fault is raised, so none overlaps with a new try.
        for fault in await asyncio.gather(*puts, return_exceptions=True):
            if fault is not None:
                raise fault
        await self._flush([said["key"] for said in described])

    @asynccontextmanager
    async def open_rendition(self, photo_id: int, file_name: str) -> AsyncIterator[StoredObject]:
        """A rendition, to be read within the block; raises NotFound."""
        async with self._opened(rendition_key(photo_id, file_name)) as stored:
            yield stored

    @asynccontextmanager
    async def open_file(self, key: str) -> AsyncIterator[StoredObject]:
        """An object, to be read within the block; raises NotFound."""
        async with self._opened(key) as stored:
            yield stored

    async def delete(self, keys: Collection[str]) -> None:
        """Delete objects; missing ones are no error.

        One by one, because some stores require a checksum for batches that others do not compute.
        """
        for key in keys:
            async with _answer():
                await self._client.delete_object(Bucket=self._bucket, Key=key)
        if self.second is not None:
            await self.second.delete(keys)

    async def page(
        self, prefix: str, after: str, limit: int
    ) -> tuple[list[ListedObject], str | None]:
        """Objects in the order of their keys, and the key to continue after; None at the end."""
        async with _answer():
            page = await self._client.list_objects_v2(
                Bucket=self._bucket, Prefix=prefix, StartAfter=after, MaxKeys=limit
            )
        listed = [
            ListedObject(found["Key"], found["Size"], found["LastModified"])
            for found in page.get("Contents", ())
        ]
        return listed, listed[-1].key if page.get("IsTruncated") and listed else None

    async def clock_ahead_s(self) -> float:
        """How far the store's clock is ahead, by a reply's date; exact to two seconds."""
        began = datetime.now(UTC)
        async with _answer():
            said = await self._client.head_bucket(Bucket=self._bucket)
        ended = datetime.now(UTC)
        date = said["ResponseMetadata"]["HTTPHeaders"].get("date")
        if date is None:
            return 0.0
        at = parsedate_to_datetime(date)
        return max((at - ended).total_seconds(), 0.0) + min((at - began).total_seconds(), 0.0)

    async def exists(self, key: str) -> bool:
        """Whether the object is in this bucket or in the second one."""
        return await self.has_itself(key) or (
            self.second is not None and await self.second.exists(key)
        )

    async def has_itself(self, key: str) -> bool:
        """Whether the object is in this bucket, without the second one."""
        try:
            async with _answer():
                await self._client.head_object(Bucket=self._bucket, Key=key)
        except NotFound:
            return False
        return True

    async def keys_of_originals(self, owner_id: int, limit: int) -> list[str]:
        """Keys of originals and pieces of one owner."""
        async with _answer():
            page = await self._client.list_objects_v2(
                Bucket=self._bucket, Prefix=f"{QUARANTINE}/{owner_id}.", MaxKeys=limit
            )
        keys = [found["Key"] for found in page.get("Contents", ())]
        if self.second is not None:
            keys += await self.second.keys_of_originals(owner_id, limit)
        return keys

    async def _flush(self, keys: Collection[str]) -> None:
        if self._unflushed is not None:
            async with _answer():
                await self._unflushed.flush(keys)

    async def _put_rendition(self, said: Rendition, content: bytes) -> None:
        async with _answer():
            await self._client.put_object(
                Bucket=self._bucket,
                Key=said["key"],
                Body=io.BytesIO(content),
                ContentType=said["content_type"],
            )

    @asynccontextmanager
    async def _opened(self, key: str) -> AsyncIterator[StoredObject]:
        try:
            async with _answer():
                reply = await self._client.get_object(Bucket=self._bucket, Key=key)
        except NotFound:
            if self.second is None:
                raise
            async with self.second.open_file(key) as stored:
                yield stored
            return
        # A client may read slowly; between two pieces the client library's own limit applies.
        with _store_faults():
            async with reply["Body"] as body:
                yield StoredObject(reply["ContentLength"], body.iter_chunks(_CHUNK_BYTES))


@asynccontextmanager
async def _answer() -> AsyncIterator[None]:
    with _store_faults():
        async with asyncio.timeout(_ANSWER_SECONDS_MAX):
            yield


@contextmanager
def _store_faults() -> Iterator[None]:
    try:
        yield
    except botocore.exceptions.ClientError as error:
        said = error.response.get("Error", {})
        if said.get("Code") in _MISSING:
            raise NotFound from error
        raise StoreUnavailable(f"The photo store refused: {said.get('Code')}.") from error
    except (
        botocore.exceptions.BotoCoreError,
        botocore.exceptions.HTTPClientError,
        aiohttp.ClientError,
        TimeoutError,
        OSError,
    ) as error:
        raise StoreUnavailable from error
