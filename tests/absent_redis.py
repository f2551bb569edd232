"""A Redis that cannot be reached."""

from redis import asyncio as aioredis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff


def redis_that_is_away() -> aioredis.Redis:
    """A client of an address where nobody listens, which fails at once."""
    return aioredis.Redis(host="127.0.0.1", port=1, retry=Retry(NoBackoff(), 0))
