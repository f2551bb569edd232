"""Other gateways know an invalidation by their next Redis reply."""

import time
import uuid

import pytest

from services.gateway.store.invalidations import Invalidations
from shared.caching.redis_pipe import PipeDown, RedisPipe


@pytest.fixture
def person() -> int:
    return uuid.uuid4().int >> 66


async def test_another_gateway_knows_a_change_by_its_next_reply(
    pipes: tuple[RedisPipe, RedisPipe], person: int
) -> None:
    one, other = map(Invalidations, pipes)
    await pipes[1].ask("PING")
    assert person not in other.void_before_s()
    await one.note(person)
    await pipes[1].ask("PING")
    assert other.void_before_s()[person] > time.time()


async def test_a_gateway_that_connects_later_learns_earlier_changes(
    pipes: tuple[RedisPipe, RedisPipe], person: int
) -> None:
    await Invalidations(pipes[0]).note(person)
    late = Invalidations(pipes[1])
    with pytest.raises(PipeDown):
        late.void_before_s()
    await pipes[1].ask("PING")
    assert late.void_before_s()[person] > time.time()


async def test_old_changes_are_forgotten(
    pipes: tuple[RedisPipe, RedisPipe], person: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    now_s = time.time()
    changes = Invalidations(pipes[0])
    await changes.note(person)
    monkeypatch.setattr(time, "time", lambda: now_s + 100)
    await changes.note(person + 1)
    assert person not in changes.void_before_s()
    assert person + 1 in changes.void_before_s()
    late = Invalidations(pipes[1])
    await pipes[1].ask("PING")
    assert person not in late.void_before_s()


async def test_nothing_is_known_while_redis_is_away() -> None:
    closed = RedisPipe("redis://nowhere.internal", None)  # type: ignore[arg-type] # never opened
    with pytest.raises(PipeDown):
        Invalidations(closed).void_before_s()
