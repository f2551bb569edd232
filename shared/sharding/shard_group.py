"""The shards of one service: reads, writes, and notices of changed edges."""

from collections.abc import Awaitable, Callable, Collection
from typing import NamedTuple

from shared.network.network import Network
from shared.settings import PostgresSettings
from shared.sharding.connections import PostgresLogin
from shared.sharding.readers import Readers
from shared.sharding.shard_map import ShardMapFile
from shared.sharding.writers import Writers


class EdgeEnds(NamedTuple):
    """An edge's kind, source and target."""

    kind: str
    src: int
    dst: int


EdgeWatcher = Callable[[Collection[EdgeEnds]], Awaitable[None]]


class ShardGroup(Readers, Writers):
    """Reads and writes the shards of a group, and tells watchers about changed edges."""

    def __init__(
        self, map_file: ShardMapFile, login: PostgresLogin, network: Network, pool_max: int
    ) -> None:
        super().__init__(map_file, login, network, pool_max)
        # Called with changed edges after the commit in the source's shard. Called again after the
        # write in the target's shard; the outbox repeats that call until no watcher raises.
        self.edge_watchers: list[EdgeWatcher] = []

    async def say_changed(self, edges: Collection[EdgeEnds]) -> None:
        """Call all edge watchers; raises Unavailable if one cannot act."""
        for watcher in self.edge_watchers:
            await watcher(edges)


async def open_shard_group(settings: PostgresSettings, network: Network) -> ShardGroup:
    """Open the group that the settings name; raises ShardMapError for an unusable map."""
    login = PostgresLogin(
        settings.postgres_user,
        settings.postgres_password.get_secret_value(),
        settings.postgres_database,
    )
    map_file = ShardMapFile(settings.shard_map_file)
    group = ShardGroup(
        map_file,
        login,
        network.trusting(settings.postgres_ca_file),
        settings.postgres_pool_max,
    )
    group.watch_replicas()
    network.resolver.learn({node.host for node in map_file.current().nodes})
    return group
