"""The viewers connected to this gateway, and its single event stream from feed."""

import asyncio
import secrets
import time
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

from prometheus_client import Counter, Gauge

from services.gateway.actions.announcements import Announcements
from services.gateway.actions.listener import Listener
from services.gateway.clients.feed import FeedClient
from services.gateway.clients.session_checks import SessionChecks
from services.gateway.domain.stream import (
    KINDS,
    Told,
    order_of,
    place_name,
    place_to_free,
    too_many_streams,
)
from services.gateway.store.stream_places import Place, StreamPlaces
from shared.caching.redis_pipe import PipeDown
from shared.contracts.stream import StreamEvent, StreamEvents
from shared.errors import AppError, Overloaded, Unavailable
from shared.logs import get_logger

# Each costs some 20 KB here and two connections of nginx.
LISTENERS_MAX = 2_000
# Feed keeps a registration for two minutes.
_RENEW_S = 30.0
_RENEW_BATCH_MAX = 1_000
# A revoked session ends within 5 s: a session check is at most 4.5 s old, plus this.
_CHECK_SESSIONS_S = 0.2
_PAUSE_S = 0.5
# A pause even if feed answers at once: other tasks run, and events of the pause arrive together.
_BREATH_S = 0.01
# A gateway that has just started asks feed for the latest event id. Viewers wait for that: if they
# were refused, all who come from a dead gateway would have to connect again.
_BEGINNING_S_MAX = 1.0
# Feed keeps events for those who reconnect; after a longer silence some may be missing.
_KEPT_MAX = 4_000
_KEPT_S = 60.0

_LISTENERS = Gauge("retrato_gateway_listeners", "Viewers connected to the stream.")
_TOLD = Counter("retrato_gateway_stream_events_total", "Events for viewers connected here.")

log = get_logger()


@dataclass(frozen=True, slots=True)
class _Kept:
    """An event that was already delivered."""

    told: Told
    order: tuple[int, int]
    viewers: frozenset[int]


class Listeners:
    """All connected viewers; they share one open call to feed, which `run` renews."""

    def __init__(
        self, feed: FeedClient, sessions: SessionChecks, places: StreamPlaces, *, drain_s: float
    ) -> None:
        # How long a stopping process keeps working before it closes its port.
        self.drain_s = drain_s
        self._feed = feed
        self._announcements = Announcements(feed)
        self._sessions = sessions
        self._places = places
        self._by_place: dict[str, Listener] = {}
        self._by_viewer: dict[int, set[Listener]] = {}
        self._count = 0
        # The last events of all viewers, for those who come from another gateway.
        self._kept: deque[_Kept] = deque(maxlen=_KEPT_MAX)
        self._last_id: str | None = None
        self._begun = asyncio.Event()
        self._complete_after = (0, 0)
        places.listen(self._give_way)

    async def run(self) -> None:
        """Until cancelled: read events, renew registrations, and end streams of invalid tokens."""
        async with asyncio.TaskGroup() as loops:
            loops.create_task(self._again_and_again(self._renew, _RENEW_S))
            loops.create_task(self._again_and_again(self._check_sessions, _CHECK_SESSIONS_S))
            loops.create_task(self._read())

    async def join(self, token: str, viewer_id: int, last_event_id: str | None) -> Listener:
        """Connect a viewer, who misses nothing from the return on.

        With a last event id, the viewer is first told of the events since. Raises Unavailable while
        feed does not answer, Overloaded at LISTENERS_MAX, and TooManyStreams.
        """
        last_id = self._last_id or await self._first_id()
        if self._count >= LISTENERS_MAX:
            raise Overloaded(retry_after_s=5)
        listener = Listener(token, _new_place(viewer_id), last_id)
        self._by_viewer.setdefault(viewer_id, set()).add(listener)
        self._by_place[listener.place.name] = listener
        self._count += 1
        _LISTENERS.inc()
        try:
            await self._take_place(listener)
            was_known = await self._announcements.announce(viewer_id)
        except BaseException:
            self.leave(listener)
            raise
        if last_event_id is not None:
            self._catch_up(listener, last_event_id, was_known=was_known)
        return listener

    def leave(self, listener: Listener) -> None:
        """Disconnect a viewer; feed records their events for a while yet."""
        of_viewer = self._by_viewer[listener.place.viewer_id]
        of_viewer.discard(listener)
        if not of_viewer:
            del self._by_viewer[listener.place.viewer_id]
        del self._by_place[listener.place.name]
        self._places.release(listener.place)
        self._count -= 1
        _LISTENERS.dec()

    async def _take_place(self, listener: Listener) -> None:
        try:
            (is_held,) = await self._places.hold([listener.place])
        except PipeDown:
            # The limit holds without Redis: each gateway then counts its own connections.
            others = self._by_viewer[listener.place.viewer_id] - {listener}
            freed = place_to_free([one.place.name for one in others], _now_ms())
            if freed is not None:
                self._give_way(freed)
            return
        if not is_held:
            raise too_many_streams()

    def _give_way(self, place_name: str) -> None:
        listener = self._by_place.get(place_name)
        if listener is not None:
            listener.give_way()

    async def _first_id(self) -> str:
        with suppress(TimeoutError):
            async with asyncio.timeout(_BEGINNING_S_MAX):
                await self._begun.wait()
        if self._last_id is None:
            raise Unavailable("Events are not available at the moment.", retry_after_s=1)
        return self._last_id

    def _catch_up(self, listener: Listener, last_event_id: str, *, was_known: bool) -> None:
        try:
            after = order_of(last_event_id)
        except ValueError:
            after = (0, 0)
        if not was_known or after < self._complete_after:
            self._tell_of_everything(listener)
            return
        for event in self._kept:
            if event.order > after and listener.place.viewer_id in event.viewers:
                listener.tell(event.told)

    def _tell_of_everything(self, listener: Listener) -> None:
        for kind in KINDS:
            listener.tell(Told(self._last_id or listener.last_id, kind, missed=True))

    async def _read(self) -> None:
        heard_at_s = time.monotonic()
        while True:
            try:
                reply = await self._feed.stream_events(self._last_id)
            except AppError as error:
                log.warning("event stream from feed interrupted", reason=error.detail)
                await asyncio.sleep(_PAUSE_S)
                continue
            if time.monotonic() - heard_at_s > _KEPT_S:
                self._start_over(reply)
            heard_at_s = time.monotonic()
            self._hand_out(reply)
            await asyncio.sleep(_BREATH_S)

    def _start_over(self, reply: StreamEvents) -> None:
        self._kept.clear()
        self._complete_after = order_of(reply["last_id"])
        for of_viewer in self._by_viewer.values():
            for listener in of_viewer:
                self._tell_of_everything(listener)

    def _hand_out(self, reply: StreamEvents) -> None:
        if self._last_id is None:
            self._complete_after = order_of(reply["last_id"])
        self._last_id = reply["last_id"]
        self._begun.set()
        for event in reply["events"]:
            if len(self._kept) == _KEPT_MAX:
                self._complete_after = self._kept[0].order
            told = _told(event)
            viewers = frozenset(event["viewer_ids"])
            self._kept.append(_Kept(told, order_of(told.id), viewers))
            for viewer_id in event["viewer_ids"]:
                for listener in self._by_viewer.get(viewer_id, ()):
                    listener.tell(told)
                    _TOLD.inc()
        for of_viewer in self._by_viewer.values():
            for listener in of_viewer:
                listener.last_id = self._last_id

    async def _renew(self) -> None:
        await self._renew_places()
        connected = list(self._by_viewer)
        for start in range(0, len(connected), _RENEW_BATCH_MAX):
            batch = connected[start : start + _RENEW_BATCH_MAX]
            known = set(await self._feed.listen(batch))
            # Feed's Redis was emptied: viewers unknown there were told nothing.
            for viewer_id in set(batch) - known:
                for listener in self._by_viewer.get(viewer_id, ()):
                    self._tell_of_everything(listener)

    async def _renew_places(self) -> None:
        places = [listener.place for listener in self._by_place.values()]
        with suppress(PipeDown):
            for place, is_held in zip(places, await self._places.hold(places), strict=True):
                if not is_held:
                    self._give_way(place.name)

    async def _check_sessions(self) -> None:
        listeners = [one for of_viewer in self._by_viewer.values() for one in of_viewer]
        stale = [one for one in listeners if not self._sessions.is_fresh(one.token)]

        async def check_session(listener: Listener) -> None:
            if not await self._is_in_session(listener):
                listener.end()

        await asyncio.gather(*(check_session(one) for one in stale))

    async def _is_in_session(self, listener: Listener) -> bool:
        try:
            await self._sessions.session_of(listener.token)
        except Unavailable:
            # As with other reads: a session known a moment ago stays valid for a minute.
            return self._sessions.recent_session_of(listener.token) is not None
        except AppError:
            return False
        return True

    async def _again_and_again(self, step: Callable[[], Awaitable[None]], pause_s: float) -> None:
        while True:
            await asyncio.sleep(pause_s)
            try:
                await step()
            except AppError as error:
                log.warning("renewing or checking listeners failed", reason=error.detail)


def _told(event: StreamEvent) -> Told:
    # An older feed names nothing.
    missed, about = event.get("missed", True), event.get("about", ())
    return Told(event["id"], event["kind"], missed, tuple(about))


def _new_place(viewer_id: int) -> Place:
    return Place(viewer_id, place_name(_now_ms(), secrets.token_hex(8)))


def _now_ms() -> int:
    return int(time.time() * 1000)
