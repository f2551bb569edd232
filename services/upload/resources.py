"""The collaborators that a process of upload opens once."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from aiobotocore.config import AioConfig  # type: ignore[import-untyped]
from aiobotocore.session import get_session  # type: ignore[import-untyped]
from botocore.handlers import add_expect_header  # type: ignore[import-untyped]
from redis import asyncio as aioredis

from services.upload.actions.backlog import Backlog
from services.upload.actions.draw_filter_samples import DrawnSamples
from services.upload.actions.process_photo import PROCESS_JOB, PROCESS_SLOW_JOB
from services.upload.clients.feed import FeedClient
from services.upload.clients.media_caches import MediaCaches
from services.upload.clients.workshop import Workshop
from services.upload.domain.renditions import (
    ALL_FORMATS,
    PLAIN_FORMATS,
    RenditionFormat,
    can_write_webp,
)
from services.upload.domain.uploads import ParkingLimits
from services.upload.settings import Bucket, UploadSettings
from services.upload.store.objects import Objects
from services.upload.store.polled_photos import PolledPhotos
from services.upload.store.unflushed_folder import UnflushedFolder
from services.upload.store.uploads_under_way import UploadsUnderWay
from shared.caching.redis_client import open_redis
from shared.caching.redis_guard import RedisGuard
from shared.http_server.app_resources import resources_getter
from shared.logs import get_logger
from shared.network.aiohttp_resolver import AiohttpResolver
from shared.network.network import Network, open_network
from shared.network.s3_session import FollowingSession
from shared.service_client.client import ServiceClient
from shared.settings import revealed
from shared.sharding.shard_group import ShardGroup, open_shard_group

_STORE_CONNECTIONS_MAX = 32
_STORE_CONNECT_SECONDS = 2
# Between two pieces, not for the whole object.
_STORE_READ_SECONDS = 10
# The second attempt covers a kept connection that the store had closed; jobs have retries of their
# own.
_STORE_ATTEMPTS_MAX = 2
_STORE_KEEPALIVE_SECONDS = 60
# Debian's bundle. The client's own bundle lacks any CA that an operator has added.
_SYSTEM_CA_FILE = Path("/etc/ssl/certs/ca-certificates.crt")

log = get_logger()


@dataclass(frozen=True, slots=True)
class Resources:
    """The collaborators of every route."""

    group: ShardGroup
    objects: Objects
    caches: MediaCaches
    polled: PolledPhotos
    under_way: UploadsUnderWay
    backlog: Backlog
    samples: DrawnSamples
    parking: ParkingLimits
    media_tokens: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WorkerResources:
    """The collaborators of the worker's jobs."""

    group: ShardGroup
    objects: Objects
    caches: MediaCaches
    polled: PolledPhotos
    workshop: Workshop
    costly_workshop: Workshop
    pictures_at_once: int
    feed: FeedClient


resources_of = resources_getter(Resources)


@asynccontextmanager
async def open_resources(settings: UploadSettings) -> AsyncIterator[Resources]:
    """Open everything; connections come with first use, so a lost store does not stop the start."""
    async with AsyncExitStack() as stack:
        _, redis, stores = await _open_stores(stack, settings)
        guard = RedisGuard()
        polled, under_way = PolledPhotos(redis, guard), UploadsUnderWay(redis, guard)
        backlog = Backlog(
            stores.group,
            {
                PROCESS_JOB: settings.waiting_pictures_max,
                PROCESS_SLOW_JOB: settings.waiting_slow_pictures_max,
            },
        )
        tokens = revealed((settings.media_token, *settings.media_token_others))
        parking = ParkingLimits(settings.parked_uploads_max, settings.parked_bytes_max)
        yield Resources(*stores, polled, under_way, backlog, DrawnSamples(), parking, tokens)


@asynccontextmanager
async def open_worker_resources(settings: UploadSettings) -> AsyncIterator[WorkerResources]:
    """Like `open_resources`, with a warm workshop; without decoders the worker does not start."""
    async with AsyncExitStack() as stack:
        network, redis, stores = await _open_stores(stack, settings)
        formats = _formats(settings)
        workshop = Workshop(settings.decoder_python, settings.pictures_at_once, formats)
        stack.push_async_callback(workshop.close)
        standing = await workshop.warm_up()
        log.info("decoders_contained", walls=[wall.name for wall in standing])
        # Costly pictures are few, so this decoder starts with the first of them.
        costly = Workshop(settings.decoder_python, 1, formats)
        stack.push_async_callback(costly.close)
        service = ServiceClient("feed", settings.feed_url, network, settings)
        feed = FeedClient(await stack.enter_async_context(service))
        polled = PolledPhotos(redis, RedisGuard())
        yield WorkerResources(*stores, polled, workshop, costly, settings.pictures_at_once, feed)


def _formats(settings: UploadSettings) -> Sequence[RenditionFormat]:
    """Formats to draw; without libwebp the photos have JPEGs only, rather than none at all."""
    if settings.renditions_webp and not can_write_webp():
        log.error("webp_cannot_be_written", hint="build pillow-simd again with libwebp-dev")
        return PLAIN_FORMATS
    return ALL_FORMATS if settings.renditions_webp else PLAIN_FORMATS


class _Stores(NamedTuple):
    group: ShardGroup
    objects: Objects
    caches: MediaCaches


async def _open_stores(
    stack: AsyncExitStack, settings: UploadSettings
) -> tuple[Network, aioredis.Redis, _Stores]:
    network = await stack.enter_async_context(open_network(settings))
    group = await open_shard_group(settings, network)
    stack.push_async_callback(group.close)
    second = settings.second_bucket
    objects = await _open_objects(
        stack,
        network,
        settings.bucket,
        None if second is None else await _open_objects(stack, network, second),
    )
    caches = MediaCaches(
        network, settings.media_caches_url, settings.media_token.get_secret_value()
    )
    stack.push_async_callback(caches.close)
    redis_network = network.trusting(settings.redis_ca_file)
    redis = await open_redis(settings.redis_url.get_secret_value(), redis_network)
    stack.push_async_callback(redis.aclose)
    return network, redis, _Stores(group, objects, caches)


async def _open_objects(
    stack: AsyncExitStack, network: Network, bucket: Bucket, second: Objects | None = None
) -> Objects:
    client = await stack.enter_async_context(_store_client(bucket, network))
    # A store that refuses a put before reading the body may wait for the body for ever, while we
    # wait for its "100 Continue". So the body is sent without waiting.
    client.meta.events.unregister("before-call.s3", add_expect_header)
    unflushed = UnflushedFolder(bucket.folder) if bucket.folder else None
    return Objects(client, bucket.name, second, unflushed)


def _store_client(bucket: Bucket, network: Network) -> Any:
    """A client of any S3; its type is built at run time from a service description."""
    return get_session().create_client(
        "s3",
        region_name=bucket.region,
        endpoint_url=bucket.endpoint_url,
        aws_access_key_id=bucket.access_key,
        aws_secret_access_key=bucket.secret_key,
        verify=str(bucket.ca_file or _SYSTEM_CA_FILE),
        config=AioConfig(
            signature_version="s3v4",
            # TLS protects the body; a signature would need a second hash of it.
            s3={"addressing_style": "path", "payload_signing_enabled": False},
            http_session_cls=FollowingSession,
            connect_timeout=_STORE_CONNECT_SECONDS,
            read_timeout=_STORE_READ_SECONDS,
            max_pool_connections=_STORE_CONNECTIONS_MAX,
            retries={"mode": "standard", "total_max_attempts": _STORE_ATTEMPTS_MAX},
            # Not every S3 computes the newer checksums; rendition keys hold the content's SHA-256.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            connector_args={
                "resolver": AiohttpResolver(network.resolver),
                "use_dns_cache": False,
                "keepalive_timeout": _STORE_KEEPALIVE_SECONDS,
            },
        ),
    )
