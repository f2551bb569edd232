"""Measures what traces cost a home timeline: its seams with and without them, by turns.

Run it as `python -m bench.tracing_cost`. It needs no suite: requests, calls, statements and
commands pass the real seams, and nothing lies behind these.
"""

import asyncio
import gc
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
from pydantic import SecretStr
from starlette.types import Message, Receive, Scope, Send

from shared.http_server.admission import lasting
from shared.http_server.request_context import Deadlines, RequestContext
from shared.logs import configure_logging
from shared.network.network import Network
from shared.network.resolver import Resolver
from shared.service_client.client import ServiceClient
from shared.service_client.lean_messages import LeanRequest, LeanResponse
from shared.settings import ProcessSettings
from shared.tracing.frames import OK, REDIS, current_frame
from shared.tracing.span_output import SpanFile, SpanOutput
from shared.tracing.spans import resource_of
from shared.tracing.statements import note_statement
from shared.tracing.tracer import TRACER, TraceRules

TURNS, REQUESTS = 25, 1_500
_FILE_BYTES_MAX = 8 * 1024 * 1024
# What a warm home timeline costs all processes of ours: docs/measurements/requests.md.
HOME_TIMELINE_US = 3_000.0

Inner = Callable[[], Awaitable[None]]


class _Service(httpx.AsyncBaseTransport):
    """A service without a network: the request's trace headers reach its own RequestContext."""

    def __init__(self, work: Inner) -> None:
        self._context = _context(work, trusts_caller=True)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        assert isinstance(request, LeanRequest)
        headers = [(name.lower(), value) for name, value in request.raw_headers]
        await _ask(self._context, headers)
        return LeanResponse(200, [(b"content-length", b"2")], b"{}")


def _context(work: Inner, *, trusts_caller: bool) -> RequestContext:
    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        await work()
        await send({"type": "http.response.start", "status": 200, "headers": []})

    return RequestContext(app, deadlines=Deadlines(), trusts_caller=trusts_caller, ask_of=lasting())


async def _ask(context: RequestContext, headers: list[tuple[bytes, bytes]]) -> None:
    scope = {"type": "http", "method": "GET", "path": "/x", "headers": headers, "client": ("", 0)}

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(_message: Message) -> None:
        return

    # A task of its own, as the server begins one for each request.
    await asyncio.create_task(context(scope, receive, send))


def _gateway(feed: ServiceClient, users: ServiceClient) -> RequestContext:
    async def work() -> None:
        _note_command("EVALSHA")
        await feed.get("/timelines/home")
        await users.post("/cards", {}, idempotent=True)

    return _context(work, trusts_caller=False)


def _note_command(name: str) -> None:
    # As the shared connection to Redis does it.
    frame = current_frame.get()
    if frame is not None:
        frame.note(REDIS, "redis", name, time.perf_counter(), OK)


async def _feed() -> None:
    for command in ("LRANGE", "EXPIRE", "MGET"):
        _note_command(command)


async def _users() -> None:
    for _number in range(2):
        note_statement("users-a", "SELECT 1", time.perf_counter(), "")


async def measure() -> None:
    """Print the cost of a home timeline's traces, and its share."""
    settings = ProcessSettings(
        listen_port=1,
        tls_cert_file=Path("x"),
        tls_key_file=Path("x"),
        internal_keys={name: SecretStr("k" * 64) for name in ("feed", "users")},
    )
    network = Network(Resolver(()), None)
    feed, users = (
        ServiceClient(name, f"http://{name}", network, settings, transport=_Service(work))
        for name, work in (("feed", _feed), ("users", _users))
    )
    gateway = _gateway(feed, users)
    with tempfile.TemporaryDirectory() as folder:
        file = SpanFile(Path(folder) / "spans.jsonl", _FILE_BYTES_MAX)
        output = SpanOutput(lambda: file, resource_of("gateway", "gateway-1", "1"))
        output.start()
        await _print_turns(gateway, output)
        output.close()


async def _print_turns(gateway: RequestContext, output: SpanOutput) -> None:
    costs: dict[str, list[float]] = {"off": [], "unsampled": [], "1 % sampled": []}
    for _turn in range(TURNS):
        for name, share in (("off", None), ("unsampled", 0.0), ("1 % sampled", 0.01)):
            TRACER.stop()
            if share is not None:
                TRACER.start(TraceRules(share=share, slow_s=60.0), output.take)
            began_s = time.process_time()
            for _number in range(REQUESTS):
                await _ask(gateway, [(b"x-request-id", b"4bf92f3577b34da6a3ce929d0e0e4736")])
            # The thread makes its spans within a second; their time belongs to this turn.
            await asyncio.sleep(1.2 if share else 0)
            costs[name].append((time.process_time() - began_s) / REQUESTS * 1e6)
    off = costs.pop("off")
    print(f"the seams without traces: {statistics.median(off):.1f} µs a home timeline")
    for name, measured in costs.items():
        more = sorted(one - other for one, other in zip(measured, off, strict=True))
        median = statistics.median(more)
        print(
            f"{name}: +{median:.1f} µs ({more[0]:.1f} to {more[-1]:.1f}), the least of each turn"
            f" +{min(measured) - min(off):.1f}; {median / HOME_TIMELINE_US:.2%} of"
            f" {HOME_TIMELINE_US / 1000:.1f} ms"
        )


if __name__ == "__main__":
    configure_logging("bench", "WARNING")
    # As a serving process does it.
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)
    asyncio.run(measure())
