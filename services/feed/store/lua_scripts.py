"""Loads the Lua scripts of Redis; each file says what it does and why it is one step."""

from pathlib import Path

from redis import asyncio as aioredis
from redis.commands.core import AsyncScript

_FOLDER = Path(__file__).with_name("lua")


def register(redis: aioredis.Redis, *names: str) -> AsyncScript:
    """Join the files into one script, called by its digest and resent if Redis lost it."""
    text = "\n".join((_FOLDER / f"{name}.lua").read_text(encoding="utf-8") for name in names)
    return redis.register_script(text)
