"""A listing is complete, or it fails; it never ends early without a word."""

from datetime import UTC, datetime
from typing import Any

import pytest

from infra.backups.bucket import Bucket
from infra.backups.subprocesses import BackupFailure

KEYS = 25


class PagedStore:
    """The listing of an S3 client, with pages of ten keys."""

    def __init__(self) -> None:
        self.keys = [f"some/{number:03d}" for number in range(KEYS)]

    async def list_objects_v2(self, **listing: Any) -> dict[str, Any]:
        start = int(listing.get("ContinuationToken", 0))
        keys = self.keys[start : start + 10]
        told = (
            {"CommonPrefixes": [{"Prefix": f"{key}/"} for key in keys]}
            if "Delimiter" in listing
            else {"Contents": [_object(key) for key in keys]}
        )
        more = start + 10 < len(self.keys)
        return {**told, "IsTruncated": more, "NextContinuationToken": str(start + 10)}


def _object(key: str) -> dict[str, Any]:
    return {"Key": key, "Size": 1, "LastModified": datetime(2026, 1, 1, tzinfo=UTC)}


@pytest.mark.parametrize("listed_max", [KEYS, KEYS + 1, 100_000])
async def test_a_listing_goes_on_to_the_last_page(listed_max: int) -> None:
    store = PagedStore()
    bucket = Bucket(store, "backups", listed_max)
    assert [item.key for item in await bucket.items("some/")] == store.keys
    assert await bucket.folders("some/") == [f"{key}/" for key in store.keys]


@pytest.mark.parametrize("listed_max", [0, 10, KEYS - 1])
async def test_a_listing_that_is_too_long_fails(listed_max: int) -> None:
    bucket = Bucket(PagedStore(), "backups", listed_max)
    with pytest.raises(BackupFailure, match=f"backups/some/ holds more than {listed_max}"):
        await bucket.items("some/")
    with pytest.raises(BackupFailure, match="more than"):
        await bucket.folders("some/")
