"""A server that was promoted beside its primary is found by what both say of themselves."""

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from prove.checks.primaries import check_primaries
from prove.history import Recorder, read_history
from prove.members import Sampler, connect
from prove.state import State
from tests.conftest import TEST_FOLDER, TEST_NETWORK
from tests.eventually import eventually
from tests.infra.mistakes.stage import Stage

pytestmark = [pytest.mark.long, pytest.mark.suite, pytest.mark.timeout(600)]

NETWORK_STEP = 96


@pytest.fixture
def stage() -> Iterator[Stage]:
    folder = Path(os.environ.get("RETRATO_TEST_RUN_DIR") or TEST_FOLDER).absolute()
    network = int((os.environ.get("RETRATO_TEST_NET") or TEST_NETWORK).split(".")[1])
    made = Stage(folder.with_name(f"{folder.name}-second"), f"127.{network + NETWORK_STEP}")
    made.clear()
    yield made
    made.infra("down")
    made.clear()


@pytest.fixture
def recorder(tmp_path: Path) -> Iterator[Recorder]:
    made = Recorder(tmp_path / "history.jsonl", 0.0)
    yield made
    made.close()


async def test_a_second_primary_is_found(stage: Stage, recorder: Recorder, tmp_path: Path) -> None:
    up = stage.infra("up", "--data-only")
    assert not up.returncode, up.stdout
    suite = stage.suite()
    sampling = asyncio.create_task(Sampler(suite, recorder).run())

    async def leaders(number: int) -> None:
        samples = read_history(tmp_path / "history.jsonl").samples
        found = {one.node for one in samples if one.database == "users-a" and one.is_primary}
        assert len(found) == number

    await eventually(lambda: leaders(1))
    assert not list(check_primaries(read_history(tmp_path / "history.jsonl"), State()))
    replica = await connect(suite, suite.plan.member("users-a-replica"))
    await replica.execute("SELECT pg_promote()")
    await replica.close()
    await eventually(lambda: leaders(2))

    async def told() -> None:
        history = read_history(tmp_path / "history.jsonl")
        found = list(check_primaries(history, State()))
        assert [one.kind for one in found] == ["two primaries"]
        assert "users-a:" in found[0].text

    await eventually(told)
    sampling.cancel()
    await asyncio.gather(sampling, return_exceptions=True)
