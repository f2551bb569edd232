"""A service joins its caller's trace, and keeps its part when it is told."""

import uuid
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from shared.http_server.admission import AskOf, lasting
from shared.http_server.service_app import AppInfo
from shared.network.internal_tokens import TokenSigner
from shared.tracing.frames import Frame
from shared.tracing.trace_context import KEEP_PATH
from shared.tracing.tracer import TRACER, TraceRules
from tests.shared.conftest import calling
from tests.shared.replica_app import ReplicaSettings, replica_app
from tests.shared.replica_process import KEYS

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.fixture
def kept() -> Iterator[list[Frame]]:
    frames: list[Frame] = []
    TRACER.start(TraceRules(share=0.0), lambda frame, _notes, _with_own: frames.append(frame))
    yield frames
    TRACER.stop()


@pytest.fixture
async def service(settings: ReplicaSettings) -> AsyncIterator[httpx.AsyncClient]:
    async with calling(replica_app(settings)) as http:
        yield http


def _headers(flags: str = "00", trace: str = TRACE) -> dict[str, str]:
    signer = TokenSigner(key=KEYS["users"], audience="users", caller="gateway-1")
    return {
        "Authorization": f"Bearer {signer.token(None)}",
        "traceparent": f"00-{trace}-00f067aa0ba902b7-{flags}",
    }


async def test_a_sampled_caller_has_its_callees_keep_their_parts(
    kept: list[Frame], service: httpx.AsyncClient
) -> None:
    reply = await service.get("/who", headers=_headers("01"))
    assert reply.headers["x-trace-kept"] == "1"
    (frame,) = kept
    assert (frame.trace_id, frame.parent_id) == (TRACE, 0x00F067AA0BA902B7)
    assert frame.name == "GET /who"


async def test_a_callee_keeps_what_it_held_when_it_is_told(
    kept: list[Frame], service: httpx.AsyncClient
) -> None:
    reply = await service.get("/who", headers=_headers())
    assert "x-trace-kept" not in reply.headers
    assert kept == []
    told = await service.post(KEEP_PATH, headers=_headers(), json=[TRACE])
    assert told.status_code == 204
    assert [frame.name for frame in kept] == ["GET /who", "POST unmatched"]


@pytest.mark.parametrize(
    ("ask_of", "is_kept"),
    [(lasting(), True), (lasting("GET /who"), True), (lasting(stream="GET /who"), False)],
)
async def test_what_lasts_may_be_slow_and_a_stream_never_is(
    kept: list[Frame], settings: ReplicaSettings, ask_of: AskOf, is_kept: bool
) -> None:
    # Every request is slower than that, ten times over.
    TRACER.start(TraceRules(share=0.0, slow_s=1e-9), lambda frame, *_rest: kept.append(frame))
    info = AppInfo(name="users", title="", description="", audience="users", ask_of=ask_of)
    async with calling(replica_app(settings, info)) as http:
        # Another test may have told the process to keep TRACE.
        await http.get("/who", headers=_headers(trace=uuid.uuid4().hex))
    assert [frame.name for frame in kept] == ["GET /who"] * is_kept


@pytest.mark.parametrize("body", [b"", b"{}", b"[", b'"x"', b"[" + b'"x",' * 65 + b'"x"]'])
async def test_a_list_that_is_none_is_refused(
    kept: list[Frame], service: httpx.AsyncClient, body: bytes
) -> None:
    assert (await service.post(KEEP_PATH, headers=_headers(), content=body)).status_code == 422


async def test_nobody_else_may_tell(kept: list[Frame], service: httpx.AsyncClient) -> None:
    assert (await service.post(KEEP_PATH, json=[TRACE])).status_code == 401


async def test_the_trace_of_a_stranger_is_only_a_link(
    kept: list[Frame], settings: ReplicaSettings
) -> None:
    TRACER.start(TraceRules(share=1.0), lambda frame, _notes, _with_own: kept.append(frame))
    info = AppInfo(name="gateway", title="", description="", audience=None)
    async with calling(replica_app(settings, info)) as http:
        own = "0123456789abcdef0123456789abcdef"
        reply = await http.get("/who", headers={**_headers(), "X-Request-ID": own})
    assert "x-trace-kept" not in reply.headers
    (frame,) = kept
    assert (frame.trace_id, frame.parent_id) == (own, 0)
    assert [origin.trace_id for origin in frame.origins] == [TRACE]
