"""A phone's connection to the event stream."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import orjson

from tests.eventually import eventually
from tests.journeys.phone import Phone


class Ear:
    """The events received: kinds and subjects; `last_id` is where to resume."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.about: dict[str, list[dict[str, str]]] = {}
        self.last_id = ""
        self.is_closed = False

    async def listen(self, http: httpx.AsyncClient, url: str, last_id: str | None) -> None:
        headers = {} if last_id is None else {"Last-Event-ID": last_id}
        timeout = httpx.Timeout(30, read=90)
        try:
            async with http.stream("GET", url, headers=headers, timeout=timeout) as reply:
                assert reply.status_code == 200
                async for line in reply.aiter_lines():
                    self._note(*line.partition(": ")[::2])
        except httpx.TransportError:
            pass
        finally:
            self.is_closed = True

    def _note(self, field: str, value: str) -> None:
        if field == "id":
            self.last_id = value
        elif field == "event" and value != "ping":
            self.heard.append(value)
        elif field == "data" and self.heard and value != "{}":
            self.about.setdefault(self.heard[-1], []).extend(orjson.loads(value)["about"])

    async def hears(self, kind: str, times: int = 1) -> None:
        def arrived() -> None:
            assert self.heard.count(kind) >= times, self.heard

        await eventually(arrived, within_s=20)

    async def closes(self) -> None:
        def closed() -> None:
            assert self.is_closed

        await eventually(closed, within_s=20)


@asynccontextmanager
async def ear_of(
    phone: Phone, base_url: str = "", last_id: str | None = None
) -> AsyncIterator[Ear]:
    """An open connection; `base_url` names another balancer than the phone's."""
    ear = Ear()
    listening = asyncio.create_task(ear.listen(phone.http, f"{base_url}/v1/stream", last_id))
    try:

        def connected() -> None:
            assert ear.last_id

        await eventually(connected, within_s=20)
        yield ear
    finally:
        listening.cancel()
        await asyncio.wait({listening})
