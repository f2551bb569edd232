"""Processes come and go under load, as by `make scale`, and no request fails."""

import re
from collections.abc import AsyncIterator, Sequence

import httpx
import pytest

from infra.control.progress import Progress
from infra.control.supervisor import Supervisor
from infra.plan.parts import Plan
from infra.scaling.counts import counts_of, read_counts, write_counts
from infra.scaling.scale import scale
from tests.eventually import eventually
from tests.failures.steady_load import steady_load
from tests.suite import Suite

REQUESTS_PER_SECOND = 12
REQUESTS_PER_SECOND_LONG = 50
# Of three processes, each has a third. So many requests are counted that chance takes less than
# these shares in none of ten thousand tests.
COUNTED, SHARE_MIN = 60, 0.1
COUNTED_LONG, SHARE_MIN_LONG = 300, 0.2
_REQUESTS = re.compile(r"^retrato_http_requests_total\{.*\} (\S+)$", re.MULTILINE)


@pytest.fixture
async def scaled_back(suite: Suite) -> AsyncIterator[None]:
    """Restore the numbers of the topology after the test."""
    yield
    write_counts(suite.on_disk.folder.scale_file, {})
    for role in ("users", "upload", "feed", "gateway", "feed-worker"):
        await scale(suite.opened(), role, counts_of(suite.plan)[role], Progress(quiet=True))


async def _scale(suite: Suite, role: str, count: int) -> Plan:
    return (await scale(suite.opened(), role, count, Progress(quiet=True))).plan


async def _served(suite: Suite, names: Sequence[str]) -> dict[str, float]:
    """The requests that each of these processes has answered so far."""
    found = {}
    for name in names:
        text = await suite.metrics(name)
        found[name] = sum(float(count) for count in _REQUESTS.findall(text))
    return found


async def _share_of_the_newest(suite: Suite, names: Sequence[str], counted_min: int) -> float:
    """The newest process's part of the requests from now on."""
    before = await _served(suite, names)

    async def counted() -> dict[str, float]:
        now = await _served(suite, names)
        gained = {name: now[name] - before[name] for name in names}
        assert sum(gained.values()) >= counted_min
        return gained

    gained = await eventually(counted, within_s=30)
    return gained[names[-1]] / sum(gained.values())


async def _out_and_in(suite: Suite, role: str, counted_min: int) -> float:
    plan = await _scale(suite, role, 3)
    names = [p.name for p in plan.processes if p.role == role]
    share = await _share_of_the_newest(Suite(suite.run_dir, plan.network), names, counted_min)
    await _scale(suite, role, 2)
    assert names[-1] not in Supervisor(suite.on_disk.folder).states()
    return share


@pytest.mark.usefixtures("scaled_back")
async def test_a_third_process_serves_at_once_and_goes_without_a_failed_request(
    suite: Suite, phones: httpx.AsyncClient, reads: Sequence[httpx.Request]
) -> None:
    async with steady_load(phones, reads, REQUESTS_PER_SECOND) as tally:
        share = await _out_and_in(suite, "users", COUNTED)
    assert tally.failures == []
    assert tally.answered == tally.sent > 0
    assert share >= SHARE_MIN
    assert read_counts(suite.on_disk.folder.scale_file) == {}


@pytest.mark.long
@pytest.mark.usefixtures("scaled_back")
@pytest.mark.parametrize("role", ["users", "upload", "feed", "gateway"])
async def test_every_service_grows_and_shrinks_under_load(
    suite: Suite, phones: httpx.AsyncClient, reads: Sequence[httpx.Request], role: str
) -> None:
    async with steady_load(phones, reads, REQUESTS_PER_SECOND_LONG) as tally:
        share = await _out_and_in(suite, role, COUNTED_LONG)
    assert tally.failures == []
    assert tally.answered == tally.sent > 0
    assert share >= SHARE_MIN_LONG
