"""Places of streams, counted exactly across all gateways."""

import asyncio
import secrets
import time
from dataclasses import dataclass, field

import pytest

from services.gateway.domain.stream import STANDS_MS, STREAMS_MAX, place_name
from services.gateway.store.stream_places import Place, StreamPlaces, _key
from shared.caching.redis_pipe import PipeDown, RedisPipe
from tests.eventually import eventually


@dataclass
class Gateway:
    """One of two gateways, and the places it had to give up."""

    pipe: RedisPipe
    lost: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.places = StreamPlaces(self.pipe)
        self.places.listen(self.lost.append)

    async def lets_in(self, place: Place) -> bool:
        (is_held,) = await self.places.hold([place])
        return is_held


@pytest.fixture
async def gateways(pipes: tuple[RedisPipe, RedisPipe]) -> tuple[Gateway, Gateway]:
    one, other = (Gateway(pipe) for pipe in pipes)
    for pipe in pipes:
        await pipe.ask("PING")
    return one, other


@pytest.fixture
def alice() -> int:
    return secrets.randbits(60)


def place_of(viewer_id: int, age_ms: int = 0) -> Place:
    now_ms = int(time.time() * 1000) - age_ms
    return Place(viewer_id, place_name(now_ms, secrets.token_hex(8)))


async def test_concurrent_streams_through_two_gateways_stay_within_the_limit(
    gateways: tuple[Gateway, Gateway], alice: int
) -> None:
    coming = (gateway.lets_in(place_of(alice)) for gateway in gateways for _ in range(50))
    assert sum(await asyncio.gather(*coming)) == STREAMS_MAX


async def test_the_oldest_place_gives_way_and_its_gateway_is_told(
    gateways: tuple[Gateway, Gateway], alice: int
) -> None:
    one, other = gateways
    old = [place_of(alice, STANDS_MS + 1_000 * number) for number in range(STREAMS_MAX)]
    for place in old:
        assert await one.lets_in(place)
    assert await other.lets_in(place_of(alice))

    def heard() -> None:
        assert one.lost == [old[-1].name]

    await eventually(heard)


async def test_a_renewed_place_counts_once(gateways: tuple[Gateway, Gateway], alice: int) -> None:
    place = place_of(alice)
    for _ in range(STREAMS_MAX + 1):
        assert await gateways[0].lets_in(place)
    assert await gateways[1].lets_in(place_of(alice))


async def test_a_released_place_is_free(gateways: tuple[Gateway, Gateway], alice: int) -> None:
    one, other = gateways
    places = [place_of(alice) for _ in range(STREAMS_MAX)]
    assert await one.places.hold(places) == [True] * STREAMS_MAX
    assert not await other.lets_in(place_of(alice))
    one.places.release(places[3])

    async def has_room() -> None:
        assert await other.lets_in(place_of(alice))

    await eventually(has_room)


async def test_places_of_a_dead_gateway_expire(
    gateways: tuple[Gateway, Gateway], alice: int
) -> None:
    one, other = gateways
    await one.places.hold([place_of(alice) for _ in range(STREAMS_MAX)])
    assert 0 < await one.pipe.ask("PTTL", _key(alice)) <= 75_000
    # Pretend that the time has come.
    names = await one.pipe.ask("ZRANGE", _key(alice), 0, -1)
    await one.pipe.ask_all([("ZADD", _key(alice), 1, name) for name in names])
    assert await other.lets_in(place_of(alice))
    assert await one.pipe.ask("ZCARD", _key(alice)) == 1


async def test_many_places_are_renewed_in_batches(
    gateways: tuple[Gateway, Gateway], alice: int
) -> None:
    places = [place_of(alice + number) for number in range(2_000)]
    assert await gateways[0].places.hold(places) == [True] * 2_000


async def test_without_redis_no_place_is_reported_as_held(
    pipes: tuple[RedisPipe, RedisPipe], alice: int
) -> None:
    await pipes[0].close()
    places = StreamPlaces(pipes[0])
    with pytest.raises(PipeDown):
        await places.hold([place_of(alice)])
    places.release(place_of(alice))
