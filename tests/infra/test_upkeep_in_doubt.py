"""No upkeep command removes anything while data is lost, a part is down, or a clock is wrong.

Each situation is real, on a separate suite with twelve people, and is undone afterwards.
"""

import os
import shutil
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from infra.run_folder import REPOSITORY, RunFolder
from tests.eventually import eventually
from tests.infra.upkeep_suite import UPKEEP, Holdings, UpkeepSuite
from tests.journeys.phone import phone_of
from tests.suite import Suite

pytestmark = [pytest.mark.long, pytest.mark.timeout(1200)]

PEOPLE = 12
# Keeps this suite's network apart from those of other test runs.
NETWORK_STEP = 180


@pytest.fixture(scope="module")
def started() -> Iterator[UpkeepSuite]:
    base = os.environ.get("RETRATO_TEST_NET") or "127.21"
    network = f"127.{int(base.split('.')[1]) + NETWORK_STEP}"
    folder = Path(os.environ.get("RETRATO_TEST_RUN_DIR") or REPOSITORY / ".run-test")
    folder = folder.with_name(f"{folder.name}-upkeep")
    Suite(folder, network).reset()
    suite = Suite(folder, network)
    try:
        suite.bring_up(data_only=False)
        yield UpkeepSuite(suite)
    finally:
        suite.reset()


@pytest.fixture(scope="module")
async def upkeep(started: UpkeepSuite) -> UpkeepSuite:
    """A suite with people who follow, publish and read, and with two-hour-old objects."""
    async with AsyncExitStack() as stack:
        url = started.suite.public_url
        people = [await stack.enter_async_context(phone_of(url, "alice")) for _ in range(PEOPLE)]
        posts = [await person.post("hello #harbour") for person in people]
        for person in people:
            for other in people:
                if other is not person:
                    await person.follow(other)
                    await person.put(f"/v1/posts/{posts[0]['id']}/like")
        for person in people:
            await person.sees(posts[0]["id"])
    assert started.command("down").code == 0
    started.age_objects()
    assert started.command("up").code == 0
    return started


@pytest.fixture
async def before(upkeep: UpkeepSuite) -> AsyncIterator[Holdings]:
    """The holdings before a test, which must be the same after it."""
    held = await upkeep.holdings()
    assert held.mirrors >= PEOPLE * (PEOPLE - 1)
    yield held
    assert await upkeep.holdings() == held


async def test_shards_that_were_made_empty_elsewhere_cost_nothing(
    upkeep: UpkeepSuite, before: Holdings
) -> None:
    for command in ("reconcile", "verify-store"):
        assert upkeep.command(command).code == 0
    upkeep.command("down")
    upkeep.edit_ranges()
    try:
        # The output of `make up` does not matter here.
        upkeep.command("up")
        for command in UPKEEP[:4]:
            said = upkeep.command(command, UPLOAD_ORPHAN_WAIT_HOURS="0")
            assert said.code != 0, command
            assert "both hold them" in said.text, said.text
            assert " 0 repaired" in said.text or command != "reconcile"
        assert await upkeep.holdings() == before
    finally:
        upkeep.command("down")
        upkeep.put_ranges_back()
        upkeep.command("up")
    # The empty copies remain, and do no harm.
    for command in UPKEEP:
        said = upkeep.command(command)
        assert said.code == 0, said.text


@pytest.mark.parametrize("node", ["users-a", "upload-b", "feed-a"])
async def test_a_primary_that_is_away_is_named_and_costs_nothing(
    upkeep: UpkeepSuite, before: Holdings, node: str
) -> None:
    await upkeep.suite.stop(f"postgres-{node}")
    try:
        group = node.partition("-")[0]
        concerned = {
            "users": ("reconcile", "migrate"),
            "upload": ("reconcile", "sweep", "verify-store", "migrate"),
            "feed": ("reconcile", "audit-timelines", "rebuild-timelines", "migrate"),
        }[group]
        for command in concerned:
            said = upkeep.command(command, UPLOAD_ORPHAN_WAIT_HOURS="0")
            assert said.code == 1, f"{command}: {said.text}"
            assert node in said.text, f"{command}: {said.text}"
            assert "Traceback" not in said.text
            assert "Is the suite up?" not in said.text
    finally:
        await upkeep.suite.start(f"postgres-{node}")


@pytest.mark.parametrize(
    ("process", "commands"),
    [
        ("redis-feed", ("audit-timelines", "rebuild-timelines")),
        ("store", ("sweep", "verify-store")),
    ],
)
async def test_a_redis_or_store_that_is_away_is_said_and_costs_nothing(
    upkeep: UpkeepSuite, before: Holdings, process: str, commands: tuple[str, ...]
) -> None:
    await upkeep.suite.stop(process)
    try:
        for command in commands:
            said = upkeep.command(command, UPLOAD_ORPHAN_WAIT_HOURS="0")
            assert said.code == 1, f"{command}: {said.text}"
            assert "does not answer" in said.text, f"{command}: {said.text}"
            assert "Traceback" not in said.text
    finally:
        await upkeep.suite.start(process)


@pytest.mark.skipif(shutil.which("faketime") is None, reason="faketime is not installed")
@pytest.mark.parametrize("offset", ["+1d", "-1d"])
async def test_a_clock_that_is_a_day_off_costs_nothing(
    upkeep: UpkeepSuite, before: Holdings, offset: str
) -> None:
    for command in ("reconcile", "sweep", "verify-store"):
        said = upkeep.command(
            command, under=("faketime", "-f", offset), UPLOAD_ORPHAN_WAIT_HOURS="0"
        )
        assert said.code == 1, f"{command}: {said.text}"
        # A day early, our certificates are not valid yet, so no server can be reached.
        is_early = "cannot be reached" in said.text or "does not answer" in said.text
        assert "clock" in said.text or (offset == "-1d" and is_early), said.text
        assert "Traceback" not in said.text
    assert await upkeep.holdings() == before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
@pytest.mark.parametrize("command", UPKEEP)
async def test_a_command_that_is_ended_at_any_moment_is_repeated(
    upkeep: UpkeepSuite, before: Holdings, command: str, number: signal.Signals
) -> None:
    lock = RunFolder(upkeep.suite.run_dir).locks / f"{command}.lock"
    for lines in range(3):
        lock.unlink(missing_ok=True)
        with upkeep.begun(command) as child:
            await eventually(lambda: _assert_holds(lock), every_s=0.01)
            assert child.stdout is not None
            for _ in range(lines):
                child.stdout.readline()
            os.killpg(child.pid, number)
            text, _ = child.communicate(timeout=60)
        assert "Traceback" not in text
        said = upkeep.command(command)
        assert said.code == 0, said.text


@pytest.mark.parametrize("command", UPKEEP)
async def test_of_two_at_once_one_goes_on_and_the_other_is_told(
    upkeep: UpkeepSuite, before: Holdings, command: str
) -> None:
    lock = RunFolder(upkeep.suite.run_dir).locks / f"{command}.lock"
    lock.unlink(missing_ok=True)
    with upkeep.begun(command) as first:
        await eventually(lambda: _assert_holds(lock), every_s=0.01)
        second = upkeep.command(command)
        text, _ = first.communicate(timeout=180)
    assert first.returncode == 0, text
    assert second.code == 0 or "runs already (process" in second.text


def _assert_holds(lock: Path) -> None:
    assert lock.exists()
    assert "process" in lock.read_text(encoding="utf-8")
