"""Connected viewers receive their events, also those from a change of gateways."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import httpx
import orjson
import pytest

from services.gateway.actions import listeners as module
from services.gateway.actions.listener import Listener
from services.gateway.actions.listeners import Listeners
from services.gateway.clients.feed import FeedClient
from services.gateway.clients.patching import PatchingServiceClient
from services.gateway.clients.session_checks import SessionChecks
from services.gateway.clients.users import UsersClient
from services.gateway.domain.stream import STANDS_MS, STREAMS_MAX, Told, TooManyStreams
from services.gateway.settings import GatewaySettings
from services.gateway.store.stream_places import StreamPlaces
from shared.caching.redis_pipe import RedisPipe
from shared.contracts.stream import ABOUT_MAX, EventKind
from shared.errors import Overloaded, Unavailable
from shared.network.network import Network
from shared.network.resolver import Resolver
from tests.eventually import eventually
from tests.gateway.conftest import all_ended, all_in_session_of
from tests.gateway.fake_services import FakeService
from tests.gateway.samples import ALICE, BOB


class FakeStream:
    """A fake of feed with events in memory; `known` are the viewers registered before."""

    def __init__(self) -> None:
        self.service = FakeService()
        self.events: list[dict[str, Any]] = []
        self.known: set[int] = set()
        self.service.answer("POST", "/stream/events", self._events)
        self.service.answer("POST", "/stream/listeners", lambda _: {"known": sorted(self.known)})

    def tell(self, number: int, kind: str, *viewer_ids: int) -> None:
        told = {"id": f"{number}-0", "kind": kind, "viewer_ids": list(viewer_ids)}
        self.events.append({**told, "about": [{"post_id": str(number)}], "missed": False})

    def _events(self, request: httpx.Request) -> dict[str, Any]:
        after = orjson.loads(request.content)["after"]
        begin = 100 if after is None else int(after.partition("-")[0])
        new = [event for event in self.events if int(event["id"].partition("-")[0]) > begin]
        found = [] if after is None else new
        return {"events": found, "last_id": found[-1]["id"] if found else f"{begin}-0"}


@pytest.fixture
def stream() -> FakeStream:
    return FakeStream()


@pytest.fixture
def users() -> FakeService:
    users = FakeService()
    users.answer("POST", "/sessions/check", all_in_session_of(ALICE))
    return users


@pytest.fixture
def starting(
    settings: GatewaySettings,
    stream: FakeStream,
    users: FakeService,
    monkeypatch: pytest.MonkeyPatch,
) -> Listeners:
    monkeypatch.setattr(module, "_CHECK_SESSIONS_S", 0.01)

    def client(name: str, fake: FakeService) -> PatchingServiceClient:
        url = f"https://{name}.internal:8000"
        network = Network(Resolver(()), None)
        return PatchingServiceClient(name, url, network, settings, transport=fake.transport())

    sessions = SessionChecks(UsersClient(client("users", users)), kept_s=0.05)
    # Never opened, so each gateway counts for itself.
    pipe = RedisPipe("redis://gateway.redis.internal", Network(Resolver(()), None))
    feed = FeedClient(client("feed", stream.service))
    return Listeners(feed, sessions, StreamPlaces(pipe), drain_s=0)


@pytest.fixture
async def listeners(starting: Listeners) -> AsyncIterator[Listeners]:
    async with _running(starting):
        yield starting


@asynccontextmanager
async def _running(listeners: Listeners) -> AsyncIterator[None]:
    loops = asyncio.create_task(listeners.run())
    try:

        def began() -> None:
            assert listeners._last_id is not None

        await eventually(began)
        yield
    finally:
        loops.cancel()
        with suppress(asyncio.CancelledError):
            await loops


def _told_of(number: int, kind: EventKind) -> Told:
    return Told(f"{number}-0", kind, about=({"post_id": str(number)},))


async def _told(listener: Listener) -> list[Told]:
    told: list[Told] = []

    async def something() -> None:
        told.extend(await listener.next(0.1))
        assert told

    await eventually(something)
    return told


async def test_every_phone_of_a_viewer_receives_their_events(
    listeners: Listeners, stream: FakeStream
) -> None:
    phones = [await listeners.join("token", ALICE, None) for _ in range(2)]
    other = await listeners.join("token", BOB, None)
    stream.tell(101, "home", ALICE)
    for phone in phones:
        assert await _told(phone) == [_told_of(101, "home")]
    assert await other.next(0) == []


async def test_many_events_of_one_kind_are_merged_into_one(
    listeners: Listeners, stream: FakeStream
) -> None:
    listener = await listeners.join("token", ALICE, None)
    for number in range(101, 120):
        stream.tell(number, "home", ALICE)
    stream.tell(120, "activity", ALICE)

    def arrived() -> None:
        assert listener.last_id == "120-0"

    await eventually(arrived)
    assert await listener.next(0) == [
        Told("119-0", "home", about=tuple({"post_id": str(n)} for n in range(101, 120))),
        _told_of(120, "activity"),
    ]
    assert await listener.next(0) == []


async def test_events_beyond_the_bound_are_reported_as_missed(
    listeners: Listeners, stream: FakeStream
) -> None:
    listener = await listeners.join("token", ALICE, None)
    last = 100 + ABOUT_MAX + 1
    for number in range(101, last + 1):
        stream.tell(number, "home", ALICE)

    def arrived() -> None:
        assert listener.last_id == f"{last}-0"

    await eventually(arrived)
    (told,) = await listener.next(0)
    assert told.missed
    assert [one["post_id"] for one in told.about] == [str(n) for n in range(102, last + 1)]


async def test_a_returning_viewer_receives_the_events_since(
    listeners: Listeners, stream: FakeStream
) -> None:
    witness = await listeners.join("token", BOB, None)
    stream.tell(101, "home", ALICE)
    stream.tell(102, "activity", ALICE, BOB)
    await _told(witness)
    stream.known = {ALICE}
    assert await (await listeners.join("token", ALICE, "102-0")).next(0) == []
    back = await listeners.join("token", ALICE, "101-0")
    assert await back.next(0) == [_told_of(102, "activity")]
    back = await listeners.join("token", ALICE, "100-0")
    assert await back.next(0) == [_told_of(101, "home"), _told_of(102, "activity")]


@pytest.mark.parametrize("last_id", ["99-0", "nonsense", "1-2-3", "²-0", ""])
async def test_a_viewer_who_may_have_missed_events_is_told_to_refresh_everything(
    listeners: Listeners, stream: FakeStream, last_id: str
) -> None:
    stream.known = {ALICE}
    told = await (await listeners.join("token", ALICE, last_id)).next(0)
    assert {one.kind for one in told if one.missed} == {"home", "activity", "photo"}


async def test_a_viewer_away_for_too_long_is_told_to_refresh_everything(
    listeners: Listeners,
) -> None:
    told = await (await listeners.join("token", ALICE, "100-0")).next(0)
    assert {one.kind for one in told if one.missed} == {"home", "activity", "photo"}


async def test_a_stream_ends_with_its_session(listeners: Listeners, users: FakeService) -> None:
    listener = await listeners.join("token", ALICE, None)
    users.answer("POST", "/sessions/check", all_ended)

    def over() -> None:
        assert listener.is_over

    await eventually(over)


async def test_an_outage_of_users_does_not_end_streams_at_once(
    listeners: Listeners, users: FakeService
) -> None:
    await listeners._sessions.session_of("token")
    listener = await listeners.join("token", ALICE, None)
    users.answer("POST", "/sessions/check", Unavailable())
    users.requests.clear()

    def asked_again() -> None:
        assert len(users.requests) >= 3

    await eventually(asked_again)
    assert not listener.is_over


async def test_events_continue_after_an_outage_of_feed(
    listeners: Listeners, stream: FakeStream
) -> None:
    listener = await listeners.join("token", ALICE, None)
    answer = stream.service.answers["POST", "/stream/events"]
    stream.service.answer("POST", "/stream/events", Unavailable())
    stream.service.requests.clear()

    def failed() -> None:
        assert stream.service.requests

    await eventually(failed)
    stream.tell(101, "home", ALICE)
    stream.service.answers["POST", "/stream/events"] = answer
    assert await _told(listener) == [_told_of(101, "home")]


async def test_viewers_of_a_starting_gateway_wait_for_feeds_first_reply(
    starting: Listeners,
) -> None:
    joining = asyncio.create_task(starting.join("token", ALICE, None))
    async with _running(starting):
        assert (await joining).last_id == "100-0"


async def test_viewers_do_not_wait_long_for_a_missing_first_reply(
    starting: Listeners, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_BEGINNING_S_MAX", 0.01)
    with pytest.raises(Unavailable):
        await starting.join("token", ALICE, None)
    assert starting._count == 0


async def test_many_concurrent_viewers_are_announced_in_few_calls(
    listeners: Listeners, stream: FakeStream
) -> None:
    await asyncio.gather(*(listeners.join("token", number, None) for number in range(1, 101)))
    announced = stream.service.asked("/stream/listeners")
    assert len(announced) < 10


async def test_viewers_are_refused_while_feed_is_away_or_the_gateway_is_full(
    listeners: Listeners, stream: FakeStream, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream.service.answer("POST", "/stream/listeners", Unavailable())
    with pytest.raises(Unavailable):
        await listeners.join("token", ALICE, None)
    assert listeners._count == 0
    monkeypatch.setattr(module, "LISTENERS_MAX", 0)
    with pytest.raises(Overloaded):
        await listeners.join("token", ALICE, None)


async def test_without_redis_a_gateway_still_bounds_the_streams_of_a_viewer(
    listeners: Listeners,
) -> None:
    joining = (listeners.join("token", ALICE, None) for _ in range(3 * STREAMS_MAX))
    joined = await asyncio.gather(*joining, return_exceptions=True)
    state = [one for one in joined if isinstance(one, Listener)]
    assert len(state) == STREAMS_MAX == listeners._count
    assert sum(isinstance(one, TooManyStreams) for one in joined) == 2 * STREAMS_MAX
    assert not any(one.is_over for one in state)
    await listeners.join("token", BOB, None)


async def test_the_oldest_stream_gives_way_once_it_is_old_enough(
    listeners: Listeners, monkeypatch: pytest.MonkeyPatch
) -> None:
    now_ms = module._now_ms()
    old = []
    for age_ms in range(STREAMS_MAX, 0, -1):
        monkeypatch.setattr(module, "_now_ms", lambda age_ms=age_ms: now_ms - STANDS_MS - age_ms)
        old.append(await listeners.join("token", ALICE, None))
    monkeypatch.setattr(module, "_now_ms", lambda: now_ms)
    new = await listeners.join("token", ALICE, None)
    assert [one.gave_way for one in old] == [True] + [False] * (STREAMS_MAX - 1)
    assert old[0].is_over
    assert not new.is_over
