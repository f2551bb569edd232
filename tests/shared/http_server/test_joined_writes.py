"""All data written in one turn of the event loop leaves in one write, complete and in order."""

import asyncio
from typing import cast

from shared.http_server.joined_writes import HELD_BYTES_MAX, JoinedWrites


class Transport:
    """Records what is written to it."""

    def __init__(self) -> None:
        self.told: list[bytes | str] = []
        self.is_lost = False

    def write(self, data: bytes) -> None:
        self.told.append(data)

    def close(self) -> None:
        self.told.append("close")

    def is_closing(self) -> bool:
        return self.is_lost

    def get_extra_info(self, name: str) -> str:
        return name


async def next_turn() -> None:
    """Return after all callbacks that are due now."""
    come = asyncio.Event()
    asyncio.get_running_loop().call_soon(come.set)
    await come.wait()


def joined() -> tuple[JoinedWrites, Transport]:
    transport = Transport()
    loop = asyncio.get_running_loop()
    return JoinedWrites(cast(asyncio.Transport, transport), loop), transport


async def test_the_writes_of_one_turn_are_one_and_those_of_the_next_another() -> None:
    writes, transport = joined()
    writes.write(b"head,")
    writes.write(b"body")
    assert transport.told == []
    await next_turn()
    writes.write(b"next")
    await next_turn()
    assert transport.told == [b"head,body", b"next"]


async def test_much_is_not_held_back() -> None:
    writes, transport = joined()
    writes.write(b"head")
    writes.write(bytes(HELD_BYTES_MAX))
    assert [len(data) for data in transport.told] == [HELD_BYTES_MAX + 4]


async def test_what_was_written_is_sent_before_the_end() -> None:
    writes, transport = joined()
    writes.write(b"last words")
    writes.close()
    await next_turn()
    assert transport.told == [b"last words", "close"]


async def test_nothing_is_written_to_who_has_gone() -> None:
    writes, transport = joined()
    writes.write(b"too late")
    transport.is_lost = True
    await next_turn()
    assert transport.told == []


async def test_the_rest_is_the_transports_own() -> None:
    writes, _transport = joined()
    assert writes.get_extra_info("peername") == "peername"
