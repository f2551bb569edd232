"""The situations in which a start is refused, on a suite without people."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from tests.infra.mistakes.__main__ import make_mistake, new_stage, quick
from tests.infra.mistakes.stage import Stage

# The first test waits until its suite is created.
pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
async def stage() -> AsyncIterator[Stage]:
    stage = new_stage(has_people=False)
    try:
        await stage.set_up()
        yield stage
    finally:
        stage.clear()


@pytest.mark.parametrize("situation", quick(), ids=lambda s: s.__name__)
async def test_a_mistake_is_refused(
    stage: Stage, situation: Callable[[Stage], Awaitable[None]]
) -> None:
    record = await make_mistake(stage, situation)
    # A list of lines, because a long repr is cut in the middle.
    assert record.verdict == "well", "\n".join([*record.faults, *record.done, *record.said])
