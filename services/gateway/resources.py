"""The collaborators that a gateway process opens once."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial

from services.gateway.actions.author_cards import AuthorCards
from services.gateway.actions.listeners import Listeners
from services.gateway.actions.read_comments import CommentWithPeople, read_comment
from services.gateway.actions.read_posts import PostWithAuthor, read_post
from services.gateway.clients.feed import FeedClient
from services.gateway.clients.known_cards import KnownCards
from services.gateway.clients.patching import PatchingServiceClient
from services.gateway.clients.session_checks import SessionChecks
from services.gateway.clients.upload import UploadClient
from services.gateway.clients.users import UsersClient
from services.gateway.domain.limits import Limits, limits_as_set
from services.gateway.domain.media_urls import MediaUrls, UrlOf
from services.gateway.settings import GatewaySettings
from services.gateway.store.invalidations import Invalidations
from services.gateway.store.limit_counters import TAKE, LimitCounters
from services.gateway.store.stream_places import StreamPlaces
from shared.caching.redis_pipe import RedisPipe
from shared.http_server.app_resources import resources_getter
from shared.network.network import open_network
from shared.settings import revealed


@dataclass(frozen=True, slots=True)
class Resources:
    """The collaborators of every route."""

    users: UsersClient
    upload: UploadClient
    feed: FeedClient
    sessions: SessionChecks
    author_cards: AuthorCards
    invalidations: Invalidations
    listeners: Listeners
    media: MediaUrls
    limits: Limits
    limit_counters: LimitCounters
    balancer_tokens: tuple[bytes, ...]

    def post_reader(self, post_id: int, viewer_id: int) -> Callable[[], Awaitable[PostWithAuthor]]:
        """A function that reads the post for the viewer when called; it raises NotFound."""
        return partial(read_post, self.feed, self.author_cards, post_id, viewer_id)

    def comment_reader(
        self, comment_id: int, viewer_id: int
    ) -> Callable[[], Awaitable[CommentWithPeople]]:
        """A function that reads the comment for the viewer when called; it raises NotFound."""
        return partial(read_comment, self.feed, self.author_cards, comment_id, viewer_id)

    def url_of(self) -> UrlOf:
        """The function that signs media addresses for a reply made now."""
        return self.media.speller_at(time.time())


resources_of = resources_getter(Resources)


@asynccontextmanager
async def open_resources(settings: GatewaySettings) -> AsyncIterator[Resources]:
    """Open everything; each upstream has its own pool, so a slow one blocks no other."""
    async with AsyncExitStack() as stack:
        network = await stack.enter_async_context(open_network(settings))

        async def service(name: str, base_url: str) -> PatchingServiceClient:
            client = PatchingServiceClient(name, base_url, network, settings)
            await stack.enter_async_context(client)
            return client

        pipe = RedisPipe(
            settings.redis_url.get_secret_value(),
            network.trusting(settings.redis_ca_file),
            prelude=[("SCRIPT", "LOAD", TAKE)],
        )
        stack.push_async_callback(pipe.close)
        await pipe.open()
        resources = resources_over(
            settings,
            pipe,
            users=await service("users", settings.users_url),
            upload=await service("upload", settings.upload_url),
            feed=await service("feed", settings.feed_url),
        )
        await stack.enter_async_context(_running(resources.listeners))
        yield resources


@asynccontextmanager
async def _running(listeners: Listeners) -> AsyncIterator[None]:
    loops = asyncio.create_task(listeners.run())
    try:
        yield
    finally:
        loops.cancel()
        await asyncio.wait({loops})


def resources_over(
    settings: GatewaySettings,
    pipe: RedisPipe,
    *,
    users: PatchingServiceClient,
    upload: PatchingServiceClient,
    feed: PatchingServiceClient,
) -> Resources:
    """Build the collaborators over given service clients and a pipe to Redis."""
    users_client = UsersClient(users)
    invalidations = Invalidations(pipe)
    feed_client, sessions = FeedClient(feed), SessionChecks(users_client)
    return Resources(
        users=users_client,
        upload=UploadClient(upload),
        feed=feed_client,
        sessions=sessions,
        author_cards=AuthorCards(KnownCards(users_client), invalidations),
        invalidations=invalidations,
        listeners=Listeners(
            feed_client, sessions, StreamPlaces(pipe), drain_s=settings.drain_seconds
        ),
        media=MediaUrls(
            base_url=settings.media_base_url,
            signing_key=settings.media_signing_key.get_secret_value(),
            lifetime_s=settings.media_url_seconds,
        ),
        limits=limits_as_set(settings.limits, settings.limits_factor),
        limit_counters=LimitCounters(pipe),
        balancer_tokens=tuple(
            token.encode()
            for token in revealed((settings.balancer_token, *settings.balancer_token_others))
        ),
    )
