"""Signs somebody up as soon as a balancer serves; its arguments are URL and SECONDS."""

import asyncio
import sys

import httpx

from tests.eventually import eventually
from tests.journeys.phone import account

_ANSWER_S = 20.0


async def sign_up(url: str, seconds: float) -> None:
    """Return once an account is there; raises AssertionError if none is in time."""

    async def ask() -> None:
        async with httpx.AsyncClient(base_url=url, timeout=_ANSWER_S) as http:
            try:
                reply = await http.post("/v1/users", json=account("host"))
            except httpx.TransportError as error:
                raise AssertionError(repr(error)) from error
        assert reply.status_code == 201, reply.text

    await eventually(ask, within_s=seconds, every_s=1.0)


if __name__ == "__main__":
    asyncio.run(sign_up(sys.argv[1], float(sys.argv[2])))
