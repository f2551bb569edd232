"""A worker process that starts jobs and never finishes one; a test kills it."""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

from shared.jobs.job_worker import JobTiming, JobWorker
from shared.network.network import Network
from shared.sharding.connections import PostgresLogin
from shared.sharding.shard_group import ShardGroup
from shared.sharding.shard_map import ShardMapFile
from tests.shared.postgres_nodes import OWNER, PASSWORD
from tests.shared.shard_groups import StaticResolver


async def main(config: dict[str, Any]) -> None:
    started = os.open(config["started"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    async def never_end(_payload: dict[str, Any]) -> None:
        os.write(started, b"x")
        await asyncio.Event().wait()

    network = Network(StaticResolver(config["addresses"]), Path(config["ca_file"]))
    login = PostgresLogin(OWNER, PASSWORD, config["database"])
    group = ShardGroup(ShardMapFile(Path(config["map_file"])), login, network, 4)
    await JobWorker(group, {"paint": never_end}, timing=JobTiming(heartbeat_s=1)).run(
        asyncio.Event()
    )


asyncio.run(main(json.loads(sys.argv[1])))
