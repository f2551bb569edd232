"""Shard groups on the nodes of a test, as a service would open them."""

import itertools
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from shared.network.network import Network
from shared.network.resolver import Resolver
from shared.sharding.connections import PostgresLogin
from shared.sharding.migration_files import FOUNDATION
from shared.sharding.migrations import MigrationTarget, migrate
from shared.sharding.shard_group import ShardGroup
from shared.sharding.shard_map import ShardMapFile
from tests.shared.postgres_nodes import OWNER, PASSWORD, PORT, ElectingMembers, PostgresNodes

SHARD_COUNT = 8


class StaticResolver(Resolver):
    """Resolves only the nodes of the test."""

    def __init__(self, addresses: dict[str, str]) -> None:
        super().__init__(())
        self._addresses = addresses

    async def addresses(self, host: str) -> list[str]:
        return [self._addresses[host]]


class ShardedDatabase:
    """A new database on both primaries, with a shard map."""

    _numbers = itertools.count(1)

    def __init__(self, nodes: PostgresNodes, folder: Path) -> None:
        self.nodes = nodes
        self.database = f"group_{next(self._numbers)}"
        self.network = Network(StaticResolver(nodes.addresses()), nodes.ca_file)
        self.login = PostgresLogin(OWNER, PASSWORD, self.database)
        self.map_file = folder / f"{self.database}.json"
        self.homes = dict.fromkeys(range(SHARD_COUNT // 2), "a")
        self.homes |= dict.fromkeys(range(SHARD_COUNT // 2, SHARD_COUNT), "b")
        self.version = 0
        self.write_map()
        for node in (nodes.a, nodes.b):
            node.psql(f"CREATE DATABASE {self.database} OWNER {OWNER}")

    def write_map(self, **moved: str) -> None:
        """Write the next version of the map; `shard_3="b"` moves shard 3 to b."""
        self.homes |= {int(name.removeprefix("shard_")): home for name, home in moved.items()}
        self.version += 1
        replica = {"host": self.nodes.replica.name, "port": PORT}
        document = {
            "group": self.database,
            "version": self.version,
            "shard_count": SHARD_COUNT,
            "primaries": {
                "a": {"host": self.nodes.a.name, "port": PORT, "replicas": [replica]},
                "b": {"host": self.nodes.b.name, "port": PORT, "replicas": []},
            },
            "shards": [
                {"first": shard, "last": shard, "primary": home}
                for shard, home in self.homes.items()
            ],
        }
        draft = self.map_file.with_suffix(".draft")
        draft.write_text(json.dumps(document))
        draft.rename(self.map_file)

    def target(self) -> MigrationTarget:
        return MigrationTarget(self.map_file, self.login, self.network)

    async def migrate(self, *directories: Path) -> int:
        return await migrate(self.target(), [FOUNDATION, *directories], lambda *_progress: None)

    @asynccontextmanager
    async def open(self, *, pool_max: int = 8) -> AsyncIterator[ShardGroup]:
        group = ShardGroup(ShardMapFile(self.map_file), self.login, self.network, pool_max)
        try:
            yield group
        finally:
            await group.close()

    def psql(self, shard: int, sql: str) -> str:
        """Run statements as the superuser on the shard's primary, with `:schema` replaced."""
        node = {"a": self.nodes.a, "b": self.nodes.b}[self.homes[shard]]
        return node.psql(sql.replace(":schema", f"shard_{shard:04d}"), database=self.database)


class ElectedDatabase:
    """A new database of one primary whose members elect their leader."""

    _numbers = itertools.count(1)

    def __init__(self, members: ElectingMembers, folder: Path) -> None:
        self.members = members
        self.database = f"elected_{next(self._numbers)}"
        self.network = Network(StaticResolver(members.addresses()), members.ca_file)
        self.login = PostgresLogin(OWNER, PASSWORD, self.database)
        self.map_file = folder / f"{self.database}.json"
        places = [{"host": member.name, "port": PORT} for member in members.all]
        document = {
            "group": self.database,
            "version": 1,
            "shard_count": SHARD_COUNT,
            "primaries": {"p": {"members": places}},
            "shards": [{"first": 0, "last": SHARD_COUNT - 1, "primary": "p"}],
        }
        self.map_file.write_text(json.dumps(document))
        members.leader.psql(f"CREATE DATABASE {self.database} OWNER {OWNER}")

    async def migrate(self, *directories: Path) -> None:
        target = MigrationTarget(self.map_file, self.login, self.network)
        await migrate(target, [FOUNDATION, *directories], lambda *_progress: None)

    @asynccontextmanager
    async def open(self, *, pool_max: int = 8) -> AsyncIterator[ShardGroup]:
        group = ShardGroup(ShardMapFile(self.map_file), self.login, self.network, pool_max)
        group.watch_replicas()
        try:
            yield group
        finally:
            await group.close()
