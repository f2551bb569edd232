"""No mistake of an operator loses data silently, gives false messages, or has no way out."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from tests.infra.mistakes.__main__ import SITUATIONS, make_mistake, new_stage
from tests.infra.mistakes.stage import Stage

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
async def stage() -> AsyncIterator[Stage]:
    stage = new_stage()
    try:
        await stage.set_up()
        yield stage
    finally:
        stage.clear()


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda s: s.__name__)
async def test_a_mistake_ends_well(
    stage: Stage, situation: Callable[[Stage], Awaitable[None]]
) -> None:
    record = await make_mistake(stage, situation)
    assert record.verdict == "well", record
