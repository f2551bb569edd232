"""A line between a phone and a balancer that breaks where a test says."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

_READ_BYTES = 64 * 1024


@dataclass(frozen=True)
class Cut:
    """The end of one connection: after `sent` bytes of the phone, or at the reply to them."""

    sent: int
    at_reply: bool = False


@dataclass
class Line:
    """A listener whose connections lead to `host`; each takes the next of `cuts`, then none.

    `happens` names what is done once the phone has sent so many bytes in all.
    """

    host: str
    port: int
    cuts: Sequence[Cut] = ()
    happens: Sequence[tuple[int, Callable[[], None]]] = ()
    sent: int = 0
    done: int = 0
    url: str = field(default="", init=False)
    open: set["asyncio.Task[None]"] = field(default_factory=set, init=False)

    def __post_init__(self) -> None:
        self._cuts: Iterator[Cut] = iter(self.cuts)
        self._happens = list(self.happens)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass one connection on until either end closes it, its cut comes, or the test ends."""
        if (task := asyncio.current_task()) is not None:
            self.open.add(task)
            task.add_done_callback(self.open.discard)
        cut = next(self._cuts, None)
        try:
            there, back = await asyncio.open_connection(self.host, self.port)
        except OSError:
            writer.transport.abort()
            return
        connection = _Connection(self, cut)
        ways = [
            asyncio.create_task(connection.pass_up(reader, back)),
            asyncio.create_task(connection.pass_down(there, writer)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            writer.transport.abort()
            back.transport.abort()
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)

    def note(self, size: int) -> None:
        """Count bytes of the phone, and do what is due."""
        self.sent += size
        while self._happens and self.sent >= self._happens[0][0]:
            self._happens.pop(0)[1]()


@dataclass
class _Connection:
    line: Line
    cut: Cut | None
    sent: int = 0

    async def pass_up(self, reader: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        while chunk := await reader.read(_READ_BYTES):
            if self.cut is not None and not self.cut.at_reply:
                chunk = chunk[: self.cut.sent - self.sent]
            self.sent += len(chunk)
            back.write(chunk)
            await back.drain()
            self.line.note(len(chunk))
            if self.cut is not None and not self.cut.at_reply and self.sent >= self.cut.sent:
                self.line.done += 1
                return

    async def pass_down(self, there: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while chunk := await there.read(_READ_BYTES):
            if self.cut is not None and self.cut.at_reply and self.sent >= self.cut.sent:
                self.line.done += 1
                return
            writer.write(chunk)
            await writer.drain()


@asynccontextmanager
async def cut_line(
    host: str,
    port: int,
    cuts: Sequence[Cut] = (),
    happens: Sequence[tuple[int, Callable[[], None]]] = (),
) -> AsyncIterator[Line]:
    """A line to `host`, with its address in `url`."""
    line = Line(host, port, cuts, happens)
    server = await asyncio.start_server(line.serve, "127.0.0.1", 0)
    line.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield line
        for connection in line.open:
            connection.cancel()
        await asyncio.gather(*line.open, return_exceptions=True)
