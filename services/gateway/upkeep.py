"""What operators' commands tell the gateways: `python -m services.gateway.upkeep changed --user …`.

Of what changes through the gateways they know; of what an operator changes they do not.
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
    """Do what the arguments say."""
    parser = argparse.ArgumentParser(prog="upkeep")
    parser.add_argument("what", choices=["changed"])
    parser.add_argument("--user", type=int, required=True)
    asyncio.run(_run(parser.parse_args().user))
    return 0


async def _run(user_id: int) -> None:
    settings = read_settings(GatewaySettings)
    async with open_network(settings) as network:
        pipe = RedisPipe(settings.redis_url.get_secret_value(), network)
        await pipe.open()
        await Invalidations(pipe).note(user_id)
        await pipe.close()


if __name__ == "__main__":
    sys.exit(main())
