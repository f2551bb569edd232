"""A pool opens one connection after the other, and only where somebody has to wait."""

import asyncio
from functools import partial

import pytest

from shared.sharding.pool_ramp import AT_FIRST, PoolRamp
from tests.eventually import eventually


async def _enter(ramp: PoolRamp, count: int) -> list[asyncio.Task[None]]:
    tasks = [asyncio.create_task(ramp.enter()) for _ in range(count)]
    await asyncio.wait(tasks, timeout=0)
    return tasks


def _assert_entered(tasks: list[asyncio.Task[None]], count: int) -> None:
    assert sum(task.done() for task in tasks) == count


async def test_who_comes_at_once_waits_for_those_before() -> None:
    ramp = PoolRamp(10, patience_s=60)
    come = AT_FIRST + 3
    tasks = await _enter(ramp, come)
    for entered in range(AT_FIRST, come + 1):
        await eventually(partial(_assert_entered, tasks, entered))
        ramp.leave()


async def test_where_somebody_waits_it_grows_to_its_size() -> None:
    size = AT_FIRST + 2
    ramp = PoolRamp(size, patience_s=0)
    tasks = await _enter(ramp, size + 2)
    await eventually(partial(_assert_entered, tasks, size))
    ramp.leave()
    ramp.leave()
    await asyncio.gather(*tasks)
    assert ramp._in_use == size


async def test_while_one_is_being_opened_no_other_is() -> None:
    ramp = PoolRamp(10, patience_s=0)
    first = await _enter(ramp, AT_FIRST)
    await asyncio.gather(*first)
    ramp.begin_opening()
    (waiting,) = await _enter(ramp, 1)
    for _turn in range(20):
        await asyncio.wait([waiting], timeout=0)
    assert not waiting.done()
    ramp.end_opening()
    await waiting


async def test_who_gives_up_while_waiting_leaves_the_turn_to_the_next() -> None:
    ramp = PoolRamp(AT_FIRST, patience_s=60)
    await asyncio.gather(*await _enter(ramp, AT_FIRST))
    impatient, patient = await _enter(ramp, 2)
    impatient.cancel()
    with pytest.raises(asyncio.CancelledError):
        await impatient
    ramp.leave()
    await patient
    assert ramp._in_use == AT_FIRST


async def test_a_place_given_to_one_who_has_just_given_up_is_not_lost() -> None:
    ramp = PoolRamp(AT_FIRST, patience_s=60)
    await asyncio.gather(*await _enter(ramp, AT_FIRST))
    (impatient,) = await _enter(ramp, 1)
    ramp.leave()
    impatient.cancel()
    with pytest.raises(asyncio.CancelledError):
        await impatient
    assert ramp._in_use == AT_FIRST - 1
