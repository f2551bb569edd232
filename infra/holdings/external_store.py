"""Reads and writes the suite's marker in an external store, over S3."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from infra.backups.place import SYSTEM_CA_FILE
from infra.control.failures import SuiteFailure
from infra.holdings.facts import Presence, StoreFacts
from infra.suite import Suite

_MARKER_KEY = "suite/marker.json"
_ANSWER_SECONDS = 3
_MISSING_OBJECT = {"NoSuchKey", "404", "NotFound"}


async def look_at_external(suite: Suite) -> StoreFacts:
    """Read whose the store is; objects are not counted, because that could take hours.

    A bucket that is missing, refuses us or does not answer is DAMAGED, and a start then needs the
    operator's decision.
    """
    place = _place(suite)
    try:
        async with _client(suite) as client:
            reply = await client.get_object(Bucket=suite.plan.store.bucket, Key=_MARKER_KEY)
            marker = json.loads(await reply["Body"].read())
    except _refusals() as error:
        code = error.response["Error"]["Code"]
        if code in _MISSING_OBJECT:
            return StoreFacts(place, Presence.WHOLE)
        return StoreFacts(place, Presence.DAMAGED, f"{place} refuses: {code}")
    except _silences() as error:
        return StoreFacts(place, Presence.DAMAGED, f"{place} does not answer: {error}".rstrip("."))
    return StoreFacts(place, Presence.WHOLE, "", marker.get("identity"), marker.get("suite"))


async def mark_external(suite: Suite, marker: Mapping[str, Any]) -> None:
    """Write the marker; raises SuiteFailure if the store refuses it or does not answer."""
    try:
        async with _client(suite) as client:
            await client.put_object(
                Bucket=suite.plan.store.bucket,
                Key=_MARKER_KEY,
                Body=json.dumps(marker, indent=1).encode(),
                ContentType="application/json",
            )
    except (*_refusals(), *_silences()) as error:
        raise SuiteFailure(f"{_place(suite)} does not take the marker: {error}.") from None


def _place(suite: Suite) -> str:
    store = suite.plan.store
    return f"the bucket {store.bucket} of {store.endpoint}"


def _refusals() -> tuple[Any, ...]:
    from botocore.exceptions import ClientError  # type: ignore[import-untyped]

    return (ClientError,)


def _silences() -> tuple[Any, ...]:
    from botocore.exceptions import BotoCoreError, HTTPClientError

    return (BotoCoreError, HTTPClientError, OSError, TimeoutError, ValueError)


@asynccontextmanager
async def _client(suite: Suite) -> AsyncIterator[Any]:
    # Imported here, because the import takes longer than a refused start, and most suites do not
    # need it.
    from aiobotocore.config import AioConfig  # type: ignore[import-untyped]
    from aiobotocore.session import get_session  # type: ignore[import-untyped]

    store = suite.plan.store
    async with get_session().create_client(
        "s3",
        endpoint_url=store.endpoint,
        region_name=store.region,
        aws_access_key_id=suite.secrets["s3_access_key"],
        aws_secret_access_key=suite.secrets["s3_secret_key"],
        verify=str(SYSTEM_CA_FILE),
        config=AioConfig(
            signature_version="s3v4",
            s3={"addressing_style": "path"},
            connect_timeout=_ANSWER_SECONDS,
            read_timeout=_ANSWER_SECONDS,
            retries={"mode": "standard", "total_max_attempts": 2},
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    ) as client:
        yield client
