"""Tells gateways of operators' changes: `python -m services.gateway.upkeep changed --user …`.

Gateways hear of changes that go through them, but not of those that operators make.
"""

import argparse
import asyncio
import sys

from services.gateway.settings import GatewaySettings
from services.gateway.store.invalidations import Invalidations
from shared.caching.redis_pipe import RedisPipe
from shared.network.network import open_network
from shared.settings import read_settings


def main() -> int:
    """Announce that the given user has changed."""
    parser = argparse.ArgumentParser(prog="upkeep")
    parser.add_argument("what", choices=["changed"])
    parser.add_argument("--user", type=int, required=True)
    asyncio.run(_run(parser.parse_args().user))
    return 0


async def _run(user_id: int) -> None:
    settings = read_settings(GatewaySettings)
    async with open_network(settings) as network:
        pipe = RedisPipe(
            settings.redis_url.get_secret_value(), network.trusting(settings.redis_ca_file)
        )
        await pipe.open()
        await Invalidations(pipe).note(user_id)
        await pipe.close()


if __name__ == "__main__":
    sys.exit(main())
