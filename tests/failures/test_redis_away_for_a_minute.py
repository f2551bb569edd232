"""Each Redis is away for a minute under load: reads go on, and what was acknowledged stays."""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator

import httpx
import pytest
import structlog

from tests.eventually import eventually
from tests.failures.mixed_load import Outcome, Person, mixed_load, people_of
from tests.journeys.phone import Phone, phone_of
from tests.suite import Suite

pytestmark = [pytest.mark.long, pytest.mark.timeout(600)]

AWAY_SECONDS = 60.0
REQUESTS_PER_SECOND = 10
READS = {"home", "profile", "post", "posts", "activity", "picture"}


@pytest.fixture
async def writer(suite: Suite) -> AsyncIterator[Phone]:
    async with phone_of(suite.public_url, "alice") as phone:
        yield phone


@pytest.fixture
async def people(suite: Suite) -> AsyncIterator[list[Person]]:
    async with (
        httpx.AsyncClient(base_url=suite.public_url, timeout=15) as http,
        people_of(http, 8) as people,
    ):
        yield people


async def _comment_on(phone: Phone, post_id: str, stop: asyncio.Event, acked: set[str]) -> None:
    for number in itertools.count():
        try:
            async with asyncio.timeout(0.5):
                await stop.wait()
            return
        except TimeoutError:
            text = f"number {number}"
        draft = {"text": text, "reply_to": None}
        try:
            reply = await phone.http.post(f"/v1/posts/{post_id}/comments", json=draft)
        except httpx.HTTPError:
            continue  # not acknowledged
        if reply.status_code == 201:
            acked.add(text)


async def _texts_under(phone: Phone, post_id: str) -> list[str]:
    texts: list[str] = []
    after = ""
    while True:
        page = await phone.get(f"/v1/posts/{post_id}/comments{after}")
        texts += [comment["text"] for comment in page["items"]]
        if page["next_cursor"] is None:
            return texts
        after = f"?cursor={page['next_cursor']}"


def _failed_reads(outcome: Outcome) -> list[str]:
    return [
        failure
        for failure in outcome.failures
        if failure.partition(":")[0] in READS and not failure.partition(": ")[2].startswith("4")
    ]


@pytest.mark.parametrize("service", ["users", "feed", "upload", "gateway"])
async def test_a_minute_without_redis(
    suite: Suite, writer: Phone, people: list[Person], service: str
) -> None:
    post_id = (await writer.post())["id"]
    acked: set[str] = set()
    stop = asyncio.Event()
    await suite.stop(f"redis-{service}")
    began_s = time.monotonic()

    def the_minute_is_over() -> None:
        assert time.monotonic() - began_s >= AWAY_SECONDS

    try:
        async with mixed_load(people, REQUESTS_PER_SECOND) as outcome:
            commenting = asyncio.create_task(_comment_on(writer, post_id, stop, acked))
            await eventually(the_minute_is_over, within_s=2 * AWAY_SECONDS)
            stop.set()
            await commenting
    finally:
        await suite.start(f"redis-{service}")
    reads = sum(outcome.answered.get(kind, 0) for kind in READS)
    failed = _failed_reads(outcome)
    structlog.get_logger().info(
        "redis was away",
        service=service,
        reads=reads,
        failed=len(failed),
        written=len(acked),
        failures=outcome.failures[:5],
    )
    assert reads > AWAY_SECONDS
    assert len(failed) <= 0.01 * (reads + len(failed)), failed[:5]
    texts = await _texts_under(writer, post_id)
    assert acked
    assert acked <= set(texts)
    assert len(texts) == len(set(texts)), "a comment was stored twice"
