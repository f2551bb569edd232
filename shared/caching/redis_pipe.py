"""One pipelined connection to Redis that all requests of a process share.

It is hand-written because every request passes here. redis-py lends each command a connection of
its own, which costs more CPU (`make bench-limits` compares both). The pipe only sends commands, and
fails at once when it cannot.

Use it for quick commands only: a slow one delays all commands behind it.
"""

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, cast
from urllib.parse import unquote, urlsplit

import hiredis

from shared.errors import Unavailable
from shared.logs import get_logger
from shared.network.network import Network
from shared.network.tls import client_context
from shared.tracing.frames import OK, REDIS, current_frame

log = get_logger()

Command = tuple[str | bytes | int, ...]

# Redis answers in well under a millisecond. By default a Redis that is silent for 0.15 to 0.225 s
# counts as down, and all its waiters fail together. One silent check is not enough: it may run late
# in a busy process, where the reply has arrived but is still unread.
LOOK_EVERY_S = 0.075
SILENT_LOOKS_MAX = 2
CONNECT_TIMEOUT_S = 0.5
RECONNECT_AFTER_S = 0.25
# Replies that may be outstanding; a further command raises PipeDown instead of queueing.
WAITING_MAX = 1_024


class PipeDown(Unavailable):
    """There is no connection to Redis, it went silent, or it refused a command."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """A channel that shares the connection of the commands, so both keep one order.

    When the reply to a command arrives, every message published before that command was heard.
    Each new connection sends `catch_up`, which asks for the messages missed in between.
    """

    channel: str
    catch_up: Command
    on_caught_up: Callable[[Any], None]
    on_message: Callable[[bytes], None]


class RedisPipe:
    """A connection that is opened once per process and reconnects until it is closed.

    Every new connection sends `prelude` first, after the sign-in.
    """

    def __init__(
        self,
        url: str,
        network: Network,
        prelude: Sequence[Command] = (),
        *,
        silent_looks_max: int = SILENT_LOOKS_MAX,
    ) -> None:
        parts = urlsplit(url)
        self._host = parts.hostname or ""
        self._port = parts.port or 6379
        self._tls = client_context(network.ca_file) if parts.scheme == "rediss" else None
        self._network = network
        self._silent_looks_max = silent_looks_max
        self._prelude: list[Command] = [
            *_sign_in(parts.username, parts.password),
            *_selected(parts.path),
            *prelude,
        ]
        self._subscriptions: list[Subscription] = []
        self._line: _Line | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._first_try_over = asyncio.Event()

    @property
    def has_caught_up(self) -> bool:
        """Whether all subscriptions have caught up on the present connection."""
        return self._line is not None and self._line.has_caught_up

    def listen(self, subscription: Subscription) -> None:
        """Subscribe to one more channel, now and on each later connection."""
        self._subscriptions.append(subscription)
        if self._line is not None:
            with contextlib.suppress(PipeDown):
                self._line.subscribe(subscription)

    async def open(self) -> None:
        """Start connecting and wait for the first try; a Redis that is down is no error."""
        self._keeper = asyncio.create_task(self._keep_connected())
        await self._first_try_over.wait()

    async def close(self) -> None:
        """Stop reconnecting and break the connection; waiting commands raise PipeDown."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        if self._line is not None:
            self._line.abort()

    async def ask(self, *command: str | bytes | int) -> Any:
        """Send a command and return its reply.

        Raises PipeDown: at once without a connection, and after an error reply, which also ends
        the connection.
        """
        frame = current_frame.get()
        if frame is None:
            return await self._ask(command)
        began_s, outcome = time.perf_counter(), "failed"
        try:
            reply = await self._ask(command)
            outcome = OK
        finally:
            frame.note(REDIS, self._host, command[0], began_s, outcome)
        return reply

    async def ask_all(self, commands: Sequence[Command]) -> list[Any]:
        """Return the replies in the order of the commands, in one round trip; raises PipeDown."""
        frame = current_frame.get()
        began_s, outcome = time.perf_counter(), "failed"
        try:
            replies = await asyncio.gather(*(self._ask(command) for command in commands))
            outcome = OK
        finally:
            if frame is not None:
                names = tuple(dict.fromkeys(command[0] for command in commands))
                frame.note(REDIS, self._host, names, began_s, outcome)
        return replies

    async def _ask(self, command: Command) -> Any:
        if self._line is None:
            raise PipeDown
        reply = await self._line.send(command)
        if isinstance(reply, hiredis.ReplyError):
            # NOSCRIPT, for example: the prelude's work is gone, and a new connection repeats it.
            self._line.abort()
            raise PipeDown(str(reply)) from reply
        return reply

    async def _keep_connected(self) -> None:
        was_up = True
        while True:
            try:
                line = await self._connect()
            except (OSError, TimeoutError, Unavailable, hiredis.ReplyError) as error:
                if was_up:  # One line per outage.
                    log.warning("redis_away", host=self._host, error=repr(error))
                was_up = False
            else:
                self._line, was_up = line, True
                self._first_try_over.set()
                log.info("redis_connected", host=self._host)
                await line.lost.wait()
                self._line = None
            self._first_try_over.set()
            await asyncio.sleep(RECONNECT_AFTER_S)

    async def _connect(self) -> "_Line":
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(CONNECT_TIMEOUT_S):
            addresses = await self._network.resolver.addresses(self._host)
            name = self._host if self._tls else None
            _, line = await loop.create_connection(
                lambda: _Line(self._silent_looks_max),
                addresses[0],
                self._port,
                ssl=self._tls,
                server_hostname=name,
            )
            for command in self._prelude:
                reply = await line.send(command)
                if isinstance(reply, hiredis.ReplyError):
                    line.abort()
                    raise reply
            for subscription in self._subscriptions:
                line.subscribe(subscription)
        return line


class _Line(asyncio.Protocol):
    """A connection, and the futures of outstanding replies in the order of the commands."""

    def __init__(self, silent_looks_max: int) -> None:
        self.lost = asyncio.Event()
        self._silent_looks_max = silent_looks_max
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport
        self._reader = hiredis.Reader(notEnoughData=_NOTHING_YET)
        self._waiting: deque[asyncio.Future[Any]] = deque()
        self._silent_looks = 0
        self._unsent: list[bytes] = []
        self._subscriptions: dict[bytes, Subscription] = {}
        self._caught_up: set[str] = set()
        self._watch: asyncio.TimerHandle | None = None

    @property
    def has_caught_up(self) -> bool:
        """Whether all subscriptions have caught up; False without any."""
        return 0 < len(self._caught_up) == len(self._subscriptions)

    def send(self, command: Command) -> asyncio.Future[Any]:
        """Queue a command and return the future of its reply; raises PipeDown."""
        if self.lost.is_set() or len(self._waiting) >= WAITING_MAX:
            raise PipeDown
        self._write(command)
        reply = self._loop.create_future()
        self._waiting.append(reply)
        if self._watch is None:
            self._look_later()
        return reply

    def subscribe(self, subscription: Subscription) -> None:
        """Subscribe and catch up; replies to later commands arrive after the catch-up."""
        self._subscriptions[subscription.channel.encode()] = subscription
        # Under RESP2 a subscribed connection may send no other commands.
        self.send(("HELLO", 3)).add_done_callback(self._insist)
        # SUBSCRIBE is confirmed by a push message, so no future waits for it.
        self._write(("SUBSCRIBE", subscription.channel))
        self.send(subscription.catch_up).add_done_callback(partial(self._catch_up, subscription))

    def abort(self) -> None:
        """Break the connection; `connection_lost` then fails all waiters."""
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Hand complete replies to their waiters, and pushed messages to their subscriptions."""
        self._silent_looks = 0
        self._reader.feed(data)
        while (reply := self._reader.gets()) is not _NOTHING_YET:
            if isinstance(reply, hiredis.PushNotification):
                self._hear(reply)
                continue
            waiter = self._waiting.popleft()
            if not waiter.done():  # A cancelled caller no longer waits.
                waiter.set_result(reply)

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail all waiters with PipeDown, whichever side closed the connection."""
        self.lost.set()
        if self._watch is not None:
            self._watch.cancel()
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                down = PipeDown()
                down.__cause__ = exc
                waiter.set_exception(down)

    def _write(self, command: Command) -> None:
        if not self._unsent:
            # All commands of one turn of the event loop leave in one write.
            self._loop.call_soon(self._flush)
        # hiredis's type stub allows only tuples of one element.
        self._unsent.append(hiredis.pack_command(cast(Any, command)))

    def _insist(self, reply: asyncio.Future[Any]) -> bool:
        if reply.cancelled() or reply.exception() is not None:
            return False
        if isinstance(reply.result(), hiredis.ReplyError):
            self.abort()
            return False
        return True

    def _catch_up(self, subscription: Subscription, reply: asyncio.Future[Any]) -> None:
        if self._insist(reply):
            subscription.on_caught_up(reply.result())
            self._caught_up.add(subscription.channel)

    def _hear(self, push: Sequence[Any]) -> None:
        if push[0] == b"message":
            self._subscriptions[push[1]].on_message(push[2])

    def _flush(self) -> None:
        commands, self._unsent = self._unsent, []
        if not self._transport.is_closing():
            self._transport.write(b"".join(commands))

    def _look_later(self) -> None:
        self._watch = self._loop.call_later(LOOK_EVERY_S, self._look)

    def _look(self) -> None:
        self._watch = None
        if not self._waiting:
            self._silent_looks = 0
            return
        self._silent_looks += 1
        if self._silent_looks > self._silent_looks_max:
            self.abort()
        else:
            self._look_later()


_NOTHING_YET = object()


def _selected(path: str) -> list[Command]:
    """Return the choice of a database of the server; a new connection has the first one."""
    number = path.strip("/") or "0"
    return [] if number == "0" else [("SELECT", number)]


def _sign_in(user: str | None, password: str | None) -> list[Command]:
    return [("AUTH", unquote(user or "default"), unquote(password))] if password else []
