"""The pool opens connections one at a time, and only if waiting for one takes too long."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial

import pytest

from shared.service_client.http1_connection import Http1Connection
from shared.service_client.http1_pool import AT_FIRST, HANGS_MAX, Http1Pool, NotConnected
from tests.eventually import eventually

ADDRESS = "127.22.4.2"
Takers = list[asyncio.Task[Http1Connection]]


class Dialler:
    """Connects to its own server when the test allows it."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.begun = 0
        self.made: list[Http1Connection] = []
        self.hangs = 0
        self.may_go_on = asyncio.Event()
        self.may_go_on.set()

    async def __call__(self) -> Http1Connection:
        self.begun += 1
        await self.may_go_on.wait()
        if self.hangs:
            self.hangs -= 1
            raise TimeoutError
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(Http1Connection, ADDRESS, self._port)
        self.made.append(connection)
        return connection


@asynccontextmanager
async def dialling() -> AsyncIterator[Dialler]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            await reader.read()
        writer.close()

    server = await asyncio.start_server(serve, ADDRESS, 0)
    dial = Dialler(server.sockets[0].getsockname()[1])
    try:
        yield dial
    finally:
        for connection in dial.made:
            connection.close()
        server.close()


def _take(pool: Http1Pool, count: int) -> Takers:
    return [asyncio.create_task(pool.take()) for _ in range(count)]


def _assert_taken(takers: Takers, count: int) -> None:
    assert sum(taker.done() for taker in takers) == count


async def test_who_finds_all_in_use_waits_for_one_to_come_back() -> None:
    async with dialling() as dial:
        pool = Http1Pool(dial, patience_s=60)
        takers = _take(pool, AT_FIRST + 1)
        await eventually(partial(_assert_taken, takers, AT_FIRST))
        pool.give_back(takers[0].result())
        assert await takers[-1] is takers[0].result()
        assert dial.begun == AT_FIRST


async def test_who_has_waited_long_enough_gets_a_new_one() -> None:
    async with dialling() as dial:
        pool = Http1Pool(dial, patience_s=0)
        connections = await asyncio.gather(*_take(pool, AT_FIRST + 3))
        assert len(set(map(id, connections))) == AT_FIRST + 3


async def test_one_is_made_after_the_other() -> None:
    async with dialling() as dial:
        dial.may_go_on.clear()
        pool = Http1Pool(dial, patience_s=0)
        takers = _take(pool, 5)
        for _turn in range(20):
            await asyncio.wait(takers, timeout=0)
        assert dial.begun == 1
        dial.may_go_on.set()
        await asyncio.gather(*takers)


async def test_where_none_can_be_made_nobody_goes_on_waiting() -> None:
    async with dialling() as dial:
        pass
    pool = Http1Pool(dial, patience_s=60)
    answers = await asyncio.gather(*_take(pool, 5), return_exceptions=True)
    assert {type(answer) for answer in answers} == {NotConnected}
    assert (dial.begun, pool.in_use) == (1, 0)


async def test_one_that_hangs_is_tried_again_for_those_who_wait() -> None:
    async with dialling() as dial:
        dial.hangs = HANGS_MAX - 1
        pool = Http1Pool(dial, patience_s=60)
        connections = await asyncio.gather(*_take(pool, AT_FIRST))
        assert len(set(map(id, connections))) == AT_FIRST


async def test_where_one_after_the_other_hangs_nobody_goes_on_waiting() -> None:
    async with dialling() as dial:
        dial.hangs = HANGS_MAX
        pool = Http1Pool(dial, patience_s=60)
        answers = await asyncio.gather(*_take(pool, 5), return_exceptions=True)
        assert {type(answer) for answer in answers} == {NotConnected}
        assert dial.begun == HANGS_MAX


async def test_one_handed_to_who_has_just_given_up_goes_to_the_next() -> None:
    async with dialling() as dial:
        pool = Http1Pool(dial, patience_s=60)
        held = await asyncio.gather(*_take(pool, AT_FIRST))
        hasty, next_one = _take(pool, 2)
        await asyncio.wait([hasty, next_one], timeout=0)
        pool.give_back(held[0])
        hasty.cancel()
        with pytest.raises(asyncio.CancelledError):
            await hasty
        assert await next_one is held[0]


async def test_one_made_for_who_has_given_up_is_there_for_the_next() -> None:
    async with dialling() as dial:
        dial.may_go_on.clear()
        pool = Http1Pool(dial, patience_s=60)
        (hasty,) = _take(pool, 1)
        await asyncio.wait([hasty], timeout=0)
        hasty.cancel()
        dial.may_go_on.set()
        assert (await pool.take()).is_reusable
        assert dial.begun == 1


async def test_a_retired_pool_keeps_none() -> None:
    async with dialling() as dial:
        pool = Http1Pool(dial)
        connection = await pool.take()
        pool.retire()
        pool.give_back(connection)
        assert not connection.is_reusable
        assert pool.in_use == 0
