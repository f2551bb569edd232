"""The connections to one replica, kept for later requests and opened one at a time.

Opening a connection costs both sides far more than a request does. If all connections are busy,
waiting for one is quicker than opening another. And a replica that is overloaded, as after a
restart, must not spend its CPU on handshakes.
"""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from functools import partial

from shared.service_client.http1_connection import Http1Connection

# Concurrent requests to one replica.
CONNECTIONS_MAX = 128
# Shorter than the server's 75 s, so the client closes first and never writes into a closing
# connection.
KEEP_ALIVE_S = 30.0
# The pool opens this many connections without delay. It opens a further one only after a request
# has waited for PATIENCE_S.
AT_FIRST = 4
PATIENCE_S = 0.02
# After this many timed-out handshakes in a row, without a reply in between, the replica counts as
# down. One is not enough: on a busy machine a process may stand still for longer than a handshake.
HANGS_MAX = 2
# The pool lets a late reply arrive for this long, because its connection is then reusable. A new
# connection would add to the overload. At most UNHEARD_MAX connections per replica wait like this.
UNHEARD_S = 2.0
UNHEARD_MAX = 32

Dial = Callable[[], Awaitable[Http1Connection]]


class NotConnected(Exception):
    """No connection could be made, so nothing was sent; `__cause__` is the connect error."""


class Http1Pool:
    """Hands out the most recently used connection, so that surplus ones expire."""

    def __init__(self, dial: Dial, *, patience_s: float = PATIENCE_S) -> None:
        self._dial = dial
        self._patience_s = patience_s
        self._is_retired = False
        self._open = 0
        self._hung = 0
        self._idle: deque[Http1Connection] = deque()
        self._unheard: dict[Http1Connection, asyncio.TimerHandle] = {}
        self._waiting: deque[asyncio.Future[Http1Connection]] = deque()
        self._dialling: asyncio.Task[None] | None = None
        self._patience: asyncio.TimerHandle | None = None

    @property
    def in_use(self) -> int:
        """How many connections are handed out, await a late reply, or are being made."""
        return self._open - len(self._idle)

    async def take(self) -> Http1Connection:
        """Return a connection; the caller must pass it to `give_back` or `leave`.

        The caller sets the timeout. Raises NotConnected: if the replica refuses connections, all
        waiters fail at once and can try another replica.
        """
        connection = self._take_idle()
        if connection is not None:
            return connection
        place: asyncio.Future[Http1Connection] = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        self._want_one()
        try:
            return await place
        except asyncio.CancelledError:
            if place in self._waiting:
                self._waiting.remove(place)
            elif not place.cancelled() and not place.exception():
                self.give_back(place.result())
            raise

    def give_back(self, connection: Http1Connection) -> None:
        """Hand the connection to a waiter or keep it idle; drop it if it is not reusable."""
        if not connection.is_reusable:
            self.drop(connection)
            return
        self._hung = 0
        if (place := self._first_waiting()) is not None:
            place.set_result(connection)
        elif self._is_retired:
            self.drop(connection)
        else:
            connection.idle_since_s = time.monotonic()
            self._idle.append(connection)

    def leave(self, connection: Http1Connection) -> None:
        """Give up a connection whose reply is late; it is reused once that reply has arrived."""
        if not connection.awaits_reply or self._is_retired or len(self._unheard) >= UNHEARD_MAX:
            self.drop(connection)
            return
        timer = asyncio.get_running_loop().call_later(UNHEARD_S, connection.close)
        self._unheard[connection] = timer
        connection.tell_end(partial(self._end_unheard, connection))

    def drop(self, connection: Http1Connection) -> None:
        """Close a connection, and open another if a request waits."""
        connection.close()
        self._open -= 1
        self._want_one()

    def retire(self) -> None:
        """Close idle connections, and keep none from now on; waiters still get one."""
        self._is_retired = True
        while self._idle:
            self.drop(self._idle.pop())
        for connection in self._unheard:
            connection.close()
        if self._dialling and not self._waiting:
            self._dialling.cancel()

    def _end_unheard(self, connection: Http1Connection) -> None:
        self._unheard.pop(connection).cancel()
        self.give_back(connection)

    def _take_idle(self) -> Http1Connection | None:
        oldest_s = time.monotonic() - KEEP_ALIVE_S
        while self._idle and self._idle[0].idle_since_s < oldest_s:
            self.drop(self._idle.popleft())
        while self._idle:
            connection = self._idle.pop()
            if connection.is_reusable:
                return connection
            self.drop(connection)
        return None

    def _want_one(self) -> None:
        if not self._waiting or self._dialling or self._open >= CONNECTIONS_MAX:
            return
        if self._open < AT_FIRST:
            self._make_one()
        elif self._patience is None:
            loop = asyncio.get_running_loop()
            self._patience = loop.call_later(self._patience_s, self._end_patience)

    def _end_patience(self) -> None:
        self._patience = None
        if self._waiting and not self._dialling and self._open < CONNECTIONS_MAX:
            self._make_one()

    def _make_one(self) -> None:
        self._open += 1
        # A separate task, because the requester may give up and the next waiter still needs it.
        self._dialling = asyncio.create_task(self._connect())

    async def _connect(self) -> None:
        try:
            connection = await self._dial()
        except BaseException as error:
            self._open -= 1
            if not isinstance(error, OSError):
                raise
            self._hung = self._hung + 1 if isinstance(error, TimeoutError) else HANGS_MAX
            if self._hung >= HANGS_MAX:
                self._fail_waiting(error)
        else:
            self.give_back(connection)
        finally:
            self._dialling = None
        self._want_one()

    def _fail_waiting(self, error: OSError) -> None:
        while (place := self._first_waiting()) is not None:
            failed = NotConnected(str(error))
            failed.__cause__ = error
            place.set_exception(failed)

    def _first_waiting(self) -> asyncio.Future[Http1Connection] | None:
        while self._waiting:
            place = self._waiting.popleft()
            if not place.done():
                return place
        return None
