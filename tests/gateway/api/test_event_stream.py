"""The body of an event stream, and how it ends."""

import asyncio
import re
from typing import Any

import pytest

from services.gateway.actions.listener import Listener
from services.gateway.api import event_stream
from services.gateway.api.event_stream import EventStream
from services.gateway.domain.stream import STANDS_MS, Told
from services.gateway.store.stream_places import Place
from tests.eventually import eventually
from tests.gateway.conftest import Gateway
from tests.gateway.samples import ALICE


class Reader:
    """The other end of a connection; it accepts nothing while `is_slow`."""

    def __init__(self) -> None:
        self.body = b""
        self.is_closed = False
        self.gone = asyncio.Event()
        self.is_slow = False

    async def send(self, message: Any) -> None:
        if self.is_slow:
            await asyncio.Event().wait()
        self.body += message.get("body", b"")
        self.is_closed = message["type"] == "http.response.body" and not message["more_body"]

    async def receive(self) -> Any:
        await self.gone.wait()
        return {"type": "http.disconnect"}


def _reading(reader: Reader) -> tuple[Listener, list[Listener], asyncio.Event, asyncio.Task[None]]:
    listener, draining = Listener("token", Place(ALICE, "1-a"), "100-0"), asyncio.Event()
    left: list[Listener] = []
    stream = EventStream(listener, left.append, draining, 0.0)
    return listener, left, draining, asyncio.create_task(stream({}, reader.receive, reader.send))


async def test_events_follow_a_ping_that_names_the_first_position() -> None:
    reader = Reader()
    listener, left, draining, stream = _reading(reader)
    listener.tell(Told("101-0", "home", about=({"post_id": "7"},)))

    def arrived() -> None:
        assert (
            b'id: 101-0\nevent: home\ndata: {"missed":false,"about":[{"post_id":"7"}]}\n\n'
            in reader.body
        )

    await eventually(arrived)
    assert re.match(
        rb"retry: ([5-9]\d|[1-3]\d\d)\nid: 100-0\nevent: ping\ndata: {}\n\n", reader.body
    )
    draining.set()
    await stream
    assert reader.is_closed
    assert left == [listener]


async def test_a_silence_is_filled_with_pings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_stream, "PING_S", 0.01)
    reader = Reader()
    _, _, draining, stream = _reading(reader)

    def pinged() -> None:
        assert reader.body.count(b"event: ping") >= 3

    await eventually(pinged)
    draining.set()
    await stream


async def test_a_stream_ends_when_its_reader_leaves_or_its_session_ends() -> None:
    for end in (lambda reader, _: reader.gone.set(), lambda _, listener: listener.end()):
        reader = Reader()
        listener, left, _, stream = _reading(reader)
        end(reader, listener)
        await stream
        assert left == [listener]


async def test_a_stream_that_gives_way_ends_cleanly_with_a_retry_time() -> None:
    reader = Reader()
    listener, left, _, stream = _reading(reader)
    listener.give_way()
    await stream
    assert reader.is_closed
    assert left == [listener]
    retries = [int(found) for found in re.findall(rb"^retry: (\d+)$", reader.body, re.MULTILINE)]
    assert STANDS_MS <= retries[-1] < 2 * STANDS_MS


async def test_a_reader_that_takes_no_bytes_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_stream, "SEND_S_MAX", 0.01)
    reader = Reader()
    listener, left, _, stream = _reading(reader)

    def connected() -> None:
        assert reader.body

    await eventually(connected)
    reader.is_slow = True
    listener.tell(Told("101-0", "home", about=({"post_id": "7"},)))
    await stream
    assert not reader.is_closed
    assert left == [listener]


async def test_streams_are_refused_while_events_are_unavailable(gateway: Gateway) -> None:
    reply = await gateway.http.get("/v1/stream")
    assert (reply.status_code, reply.json()["code"]) == (503, "unavailable")
    assert reply.headers["retry-after"] == "1"
