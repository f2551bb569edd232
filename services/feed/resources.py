"""The collaborators that a process of feed opens once."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from redis import asyncio as aioredis

from services.feed.actions.celebrity_entries import CelebrityEntries
from services.feed.actions.fan_out import Destinations
from services.feed.actions.home_entries import HomeEntries
from services.feed.actions.page_posts import PagePosts
from services.feed.actions.ranked_orders import RankedOrders
from services.feed.actions.read_explore import Explore
from services.feed.actions.read_ranked_timeline import RankedTimelines
from services.feed.clients.upload import UploadClient
from services.feed.clients.users import UsersClient
from services.feed.domain.celebrities import CELEBRITY_FOLLOWERS_MIN
from services.feed.domain.edge_kinds import COMMENT_LIKE, LIKE, SAVE, TAG
from services.feed.settings import FeedSettings
from services.feed.store.author_timelines import AuthorTimelines
from services.feed.store.body_cache import BodyCache
from services.feed.store.comments import Comments
from services.feed.store.count_cache import CountCache
from services.feed.store.home_timelines import HomeTimelines
from services.feed.store.hot_reads import SILENT_LOOKS_MAX, HotReads
from services.feed.store.kept_orders import KeptOrders
from services.feed.store.own_reactions import OwnReactionsCache
from services.feed.store.post_bodies import PostBodies
from services.feed.store.post_reactions import PostReactions
from services.feed.store.stream_events import StreamEvents
from shared.caching.redis_client import open_redis
from shared.caching.redis_guard import RedisGuard
from shared.caching.redis_pipe import RedisPipe
from shared.edges.edges import Edges
from shared.http_server.app_resources import resources_getter
from shared.network.network import open_network
from shared.service_client.client import ServiceClient
from shared.sharding.shard_group import ShardGroup, open_shard_group


@dataclass(frozen=True, slots=True)
class Resources:
    """The collaborators of every route and of the worker."""

    group: ShardGroup
    bodies: PostBodies
    likes: Edges
    saves: Edges
    reactions: PostReactions
    page_posts: PagePosts
    comments: Comments
    comment_likes: Edges
    tag_edges: Edges
    explore: Explore
    ranked: RankedTimelines
    timelines: HomeTimelines
    author_timelines: AuthorTimelines
    entries: HomeEntries
    stream: StreamEvents
    users: UsersClient
    upload: UploadClient
    celebrity_followers_min: int = CELEBRITY_FOLLOWERS_MIN

    def edges(self) -> dict[str, Edges]:
        """Every kind of edge that starts at a user."""
        return {LIKE: self.likes, SAVE: self.saves, COMMENT_LIKE: self.comment_likes}

    def destinations(self) -> Destinations:
        """Where fan-out delivers a post."""
        return Destinations(self.timelines, self.author_timelines, self.stream)


resources_of = resources_getter(Resources)


@asynccontextmanager
async def open_resources(settings: FeedSettings) -> AsyncIterator[Resources]:
    """Open everything; connections come with first use, so a lost store does not stop the start."""
    async with AsyncExitStack() as stack:
        network = await stack.enter_async_context(open_network(settings))
        group = await open_shard_group(settings, network)
        stack.push_async_callback(group.close)
        redis_url = settings.redis_url.get_secret_value()
        redis_network = network.trusting(settings.redis_ca_file)
        redis = await open_redis(redis_url, redis_network)
        stack.push_async_callback(redis.aclose)
        pipe = RedisPipe(redis_url, redis_network, silent_looks_max=SILENT_LOOKS_MAX)
        stack.push_async_callback(pipe.close)
        await pipe.open()

        async def service(name: str, base_url: str) -> ServiceClient:
            return await stack.enter_async_context(ServiceClient(name, base_url, network, settings))

        yield resources_over(
            group,
            redis,
            pipe,
            users=UsersClient(await service("users", settings.users_url)),
            upload=UploadClient(await service("upload", settings.upload_url)),
            celebrity_followers_min=settings.celebrity_followers_min,
        )


def resources_over(
    group: ShardGroup,
    redis: aioredis.Redis,
    pipe: RedisPipe,
    *,
    users: UsersClient,
    upload: UploadClient,
    celebrity_followers_min: int = CELEBRITY_FOLLOWERS_MIN,
) -> Resources:
    """Build the collaborators over given stores and service clients."""
    guard = RedisGuard()
    reads = HotReads(pipe, guard)
    timelines = HomeTimelines(redis, reads, guard)
    author_timelines = AuthorTimelines(redis, reads, guard)
    celebrities = CelebrityEntries(author_timelines, group)
    entries = HomeEntries(timelines, group, users, celebrities)
    bodies = PostBodies(BodyCache(redis, reads, guard), group)
    counts = CountCache(redis, reads, guard)
    reactions = PostReactions(group, counts, OwnReactionsCache(redis, reads, guard))
    page_posts = PagePosts(reads, bodies, reactions)
    group.edge_watchers.append(reactions.on_edges)
    ranked_orders = RankedOrders(KeptOrders(redis, guard))
    return Resources(
        group=group,
        bodies=bodies,
        likes=Edges(group, LIKE),
        saves=Edges(group, SAVE),
        reactions=reactions,
        page_posts=page_posts,
        comments=Comments(group, counts),
        comment_likes=Edges(group, COMMENT_LIKE),
        tag_edges=Edges(group, TAG),
        explore=Explore(group, ranked_orders),
        ranked=RankedTimelines(group, entries, page_posts, bodies, reactions, ranked_orders),
        timelines=timelines,
        author_timelines=author_timelines,
        entries=entries,
        stream=StreamEvents(redis, guard),
        users=users,
        upload=upload,
        celebrity_followers_min=celebrity_followers_min,
    )
