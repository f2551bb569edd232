"""During a pause, those who look at the app have a post at once, and the others have it later."""

from collections.abc import Sequence
from typing import Any

import pytest

from services.feed.actions.fan_out_later import PUT_OFF_S_MAX, fan_out_later
from services.feed.resources import Resources
from services.feed.store.fan_outs import FanOutJob, Progress, find_fan_out
from services.feed.worker import deliver_post
from shared.live_values import LiveFile, LiveValues
from shared.sharding import transaction
from tests.feed.cast import Cast, new_id
from tests.feed.fake_users import FakeUsers

PAUSE_S = 600.0


@pytest.fixture
def enqueued(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any], float]]:
    """What is put off: the job, its payload and its delay, besides being enqueued."""
    seen: list[tuple[str, dict[str, Any], float]] = []
    enqueue = transaction.Transaction.enqueue

    async def note(self: Any, job: str, payload: dict[str, Any], **more: Any) -> None:
        seen.append((job, payload, more.get("delay_s", 0)))
        await enqueue(self, job, payload, **more)

    monkeypatch.setattr(transaction.Transaction, "enqueue", note)
    return seen


async def _followers(cast: Cast, users: FakeUsers, author: int, count: int) -> list[int]:
    followers = sorted(new_id() for _ in range(count))
    for follower in followers:
        users.follow(follower, author)
        assert await cast.home_ids(follower) == []
    return followers


async def _later(resources: Resources, job: FanOutJob, pause_s: float = PAUSE_S) -> bool:
    to, users = resources.destinations(), resources.users
    return await fan_out_later(resources.group, to, users, job, pause_s, celebrity_followers_min=5)


async def _who_has(cast: Cast, post: int, followers: Sequence[int]) -> list[int]:
    return [follower for follower in followers if post in await cast.home_ids(follower)]


async def test_listeners_have_it_at_once_and_all_others_after_the_pause(
    cast: Cast,
    resources: Resources,
    fake_users: FakeUsers,
    enqueued: list[tuple[str, dict[str, Any], float]],
) -> None:
    alice = new_id()
    followers = await _followers(cast, fake_users, alice, 4)
    listener = followers[2]
    await resources.stream.listen([listener])
    post = await cast.publishes(alice)
    enqueued.clear()
    assert await _later(resources, FanOutJob(post, alice, 0))
    assert await _who_has(cast, post, followers) == [listener]
    # Nothing is noted as done, so the job that was put off delivers to everybody.
    assert await find_fan_out(resources.group, post, alice) == Progress(0, 0)
    ((job, payload, delay_s),) = enqueued
    assert (job, delay_s) == ("fan_out", PUT_OFF_S_MAX)
    await deliver_post(resources, LiveFile(None), payload)
    assert await _who_has(cast, post, followers) == followers
    assert await find_fan_out(resources.group, post, alice) is None


async def test_a_job_that_was_put_off_waits_on_while_the_pause_lasts(
    cast: Cast,
    resources: Resources,
    fake_users: FakeUsers,
    enqueued: list[tuple[str, dict[str, Any], float]],
) -> None:
    alice = new_id()
    followers = await _followers(cast, fake_users, alice, 2)
    post = await cast.publishes(alice)
    enqueued.clear()
    assert await _later(resources, FanOutJob(post, alice, 0, put_off=True), pause_s=7)
    assert [(payload["put_off"], delay_s) for _job, payload, delay_s in enqueued] == [(True, 7)]
    assert await _who_has(cast, post, followers) == []


async def test_what_is_merged_on_read_is_not_put_off(
    cast: Cast, resources: Resources, fake_users: FakeUsers
) -> None:
    star = new_id()
    await _followers(cast, fake_users, star, 6)
    post = await cast.publishes(star)
    assert not await _later(resources, FanOutJob(post, star, 0))


async def test_a_finished_or_withdrawn_delivery_is_not_put_off(
    cast: Cast, resources: Resources, fake_users: FakeUsers
) -> None:
    alice = new_id()
    await _followers(cast, fake_users, alice, 1)
    post = await cast.publishes(alice)
    await cast.delivers(post, alice)
    assert not await _later(resources, FanOutJob(post, alice, 0))


async def test_a_worker_follows_the_pause(
    cast: Cast,
    resources: Resources,
    fake_users: FakeUsers,
    enqueued: list[tuple[str, dict[str, Any], float]],
) -> None:
    alice = new_id()
    followers = await _followers(cast, fake_users, alice, 2)
    post = await cast.publishes(alice)
    enqueued.clear()
    live = LiveFile(None)
    live.values = LiveValues(fan_out_paused_until=4_000_000_000.0)
    payload = {"post_id": post, "author_id": alice, "page": 0}
    await deliver_post(resources, live, payload)
    assert await _who_has(cast, post, followers) == []
    live.values = LiveValues()
    await deliver_post(resources, live, enqueued[0][1])
    assert await _who_has(cast, post, followers) == followers
