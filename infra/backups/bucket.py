"""The bucket of the backups: reads and writes small objects, and lists keys."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import aiohttp
import botocore.exceptions  # type: ignore[import-untyped]
from aiobotocore.config import AioConfig  # type: ignore[import-untyped]
from aiobotocore.session import get_session  # type: ignore[import-untyped]

from infra.backups.place import SYSTEM_CA_FILE, Place
from infra.backups.subprocesses import BackupFailure, StoreAway, meaning_of
from shared.network.s3_session import FollowingSession

_ANSWER_SECONDS_MAX = 15.0
_MISSING = {"NoSuchKey", "404", "NotFound"}
_PAGE_MAX = 1000
# A listing is held in memory. pgBackRest has up to 256 segments per folder; other folders have
# fewer entries, and a primary of 400 TB of WAL would have 100,000 such folders.
LISTED_MAX = 100_000


@dataclass(frozen=True, slots=True)
class StoredItem:
    """An object in a listing; `size` is in bytes."""

    key: str
    size: int
    modified_at: datetime


class Bucket:
    """A bucket; every fault of the store raises a BackupFailure.

    A listing is complete: more than `listed_max` entries raise a BackupFailure.
    """

    def __init__(self, client: Any, name: str, listed_max: int = LISTED_MAX) -> None:
        self._client = client
        self._name = name
        self._listed_max = listed_max

    async def put(self, key: str, content: bytes) -> None:
        """Write an object completely or not at all."""
        async with _answer():
            await self._client.put_object(Bucket=self._name, Key=key, Body=content)

    async def find(self, key: str) -> bytes | None:
        """Return the content of an object; None if it does not exist."""
        try:
            async with _answer():
                reply = await self._client.get_object(Bucket=self._name, Key=key)
                async with reply["Body"] as body:
                    return bytes(await body.read())
        except _Missing:
            return None

    async def delete(self, key: str) -> None:
        """Delete an object; deleting a missing one has no effect."""
        async with _answer():
            await self._client.delete_object(Bucket=self._name, Key=key)

    async def items(self, prefix: str) -> list[StoredItem]:
        """List the objects below a prefix in the order of keys."""
        return [
            StoredItem(found["Key"], found["Size"], found["LastModified"])
            for found in await self._listed("Contents", prefix)
        ]

    async def folders(self, prefix: str) -> list[str]:
        """List the folders directly below a prefix; all end in a slash, like the prefix."""
        found = await self._listed("CommonPrefixes", prefix, Delimiter="/")
        return [folder["Prefix"] for folder in found]

    async def _listed(self, part: str, prefix: str, **listing: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        # A store may return short pages, but each has at least one entry.
        for _page in range(self._listed_max + 1):
            async with _answer():
                page = await self._client.list_objects_v2(
                    Bucket=self._name, Prefix=prefix, MaxKeys=_PAGE_MAX, **listing
                )
            found += page.get(part, ())
            if len(found) > self._listed_max:
                break
            if not page.get("IsTruncated"):
                return found
            listing["ContinuationToken"] = page["NextContinuationToken"]
        raise BackupFailure(
            f"{self._name}/{prefix} holds more than {self._listed_max} entries, which is more than"
            " the backups write: look for files that something else put there."
        )


@asynccontextmanager
async def open_bucket(place: Place) -> AsyncIterator[Bucket]:
    """Open the bucket of the backups; the first request connects."""
    config = AioConfig(
        http_session_cls=FollowingSession,
        connect_timeout=5,
        read_timeout=10,
        retries={"max_attempts": 2, "mode": "standard"},
        s3={"addressing_style": "path"},
        # Some stores other than Amazon's do not support the newer checksums.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    async with get_session().create_client(
        "s3",
        endpoint_url=place.endpoint,
        region_name=place.region,
        aws_access_key_id=place.access_key,
        aws_secret_access_key=place.secret_key,
        verify=str(place.ca_file or SYSTEM_CA_FILE),
        config=config,
    ) as client:
        yield Bucket(client, place.bucket)


class _Missing(BackupFailure):
    """The object or the bucket does not exist."""


@asynccontextmanager
async def _answer() -> AsyncIterator[None]:
    with _faults():
        async with asyncio.timeout(_ANSWER_SECONDS_MAX):
            yield


@contextmanager
def _faults() -> Any:
    try:
        yield
    except botocore.exceptions.ClientError as error:
        code = str(error.response.get("Error", {}).get("Code"))
        if code in _MISSING:
            raise _Missing(f"The backup store lacks the requested object: {error}") from error
        if code == "NoSuchBucket":
            raise BackupFailure(
                "The backup store has no bucket of this name: check the end of FROM=, or `bucket`"
                " in [backup] of infra/topology.toml."
            ) from error
        raise meaning_of(code, "The backup store") from error
    except (
        botocore.exceptions.BotoCoreError,
        botocore.exceptions.HTTPClientError,
        aiohttp.ClientError,
        TimeoutError,
        OSError,
    ) as error:
        raise StoreAway(f"The backup store does not answer: {error}") from error
