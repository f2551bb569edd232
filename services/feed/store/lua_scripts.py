"""Loads the scripts that Redis runs; each file says what it does and why it must be one step."""

from pathlib import Path

from redis import asyncio as aioredis
from redis.commands.core import AsyncScript

_FOLDER = Path(__file__).with_name("lua")


def register(redis: aioredis.Redis, *names: str) -> AsyncScript:
    """The files put together; sent by digest, and whole again to a Redis that has forgotten it."""
    text = "\n".join((_FOLDER / f"{name}.lua").read_text(encoding="utf-8") for name in names)
    return redis.register_script(text)
