"""The shards of one service: where to read and write the rows of an owner."""

from collections.abc import Awaitable, Callable, Collection
from typing import NamedTuple

from shared.network.network import Network
from shared.settings import PostgresSettings
from shared.sharding.connections import PostgresLogin
from shared.sharding.readers import Readers
from shared.sharding.shard_map import ShardMapFile
from shared.sharding.writers import Writers


class EdgeEnds(NamedTuple):
    """An edge of some kind, and the nodes that it leads from and to."""

    kind: str
    src: int
    dst: int


EdgeWatcher = Callable[[Collection[EdgeEnds]], Awaitable[None]]


class ShardGroup(Readers, Writers):
    """Reads and writes, and who is told of edges that have changed."""

    def __init__(
        self, map_file: ShardMapFile, login: PostgresLogin, network: Network, pool_max: int
    ) -> None:
        super().__init__(map_file, login, network, pool_max)
        # Told which edges have changed: once that is committed where they begin, and again, until
        # it raises nothing, once it is where they end.
        self.edge_watchers: list[EdgeWatcher] = []

    async def say_changed(self, edges: Collection[EdgeEnds]) -> None:
        """Tell who watches edges that these have changed; raises Unavailable if they cannot act."""
        for watcher in self.edge_watchers:
            await watcher(edges)


async def open_shard_group(settings: PostgresSettings, network: Network) -> ShardGroup:
    """The group that the settings name."""
    login = PostgresLogin(
        settings.postgres_user,
        settings.postgres_password.get_secret_value(),
        settings.postgres_database,
    )
    map_file = ShardMapFile(settings.shard_map_file)
    group = ShardGroup(map_file, login, network, settings.postgres_pool_max)
    group.watch_replicas()
    return group
