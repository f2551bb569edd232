"""A timer that is due while a reply is still unread runs after the reply."""

import asyncio
import socket
import time

import uvloop

from shared.service_client.late_call import LateCall

DELAY_S = 0.01


async def _is_read_when_called() -> bool:
    loop = asyncio.get_running_loop()
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    with ours, theirs:
        reading = asyncio.create_task(loop.sock_recv(ours, 1))
        await asyncio.wait([reading], timeout=0)
        was_read = loop.create_future()
        LateCall(DELAY_S, lambda: was_read.set_result(reading.done()))
        theirs.send(b"x")
        busy_until_s = time.monotonic() + 2 * DELAY_S
        while time.monotonic() < busy_until_s:
            pass
        return bool(await was_read)


def test_what_lies_in_a_socket_is_read_first() -> None:
    assert uvloop.run(_is_read_when_called())


async def test_it_is_called_without_anything_to_read() -> None:
    called = asyncio.Event()
    LateCall(DELAY_S, called.set)
    await called.wait()


async def test_what_was_cancelled_is_not_called() -> None:
    called: list[str] = []
    cancelled = LateCall(0, lambda: called.append("cancelled"))
    cancelled.cancel()
    later = asyncio.Event()
    LateCall(DELAY_S, later.set)
    await later.wait()
    assert not called
