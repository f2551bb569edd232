"""Calls another service by name, within the deadline and on behalf of the viewer."""

import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode

import httpx
import orjson

from shared.deadlines import budget_ms
from shared.errors import DeadlineExceeded, Unavailable
from shared.logs import request_id
from shared.network.call_headers import REPEATED_HEADER, REQUEST_ID_HEADER
from shared.network.internal_tokens import TokenSigner
from shared.network.network import Network
from shared.service_client import metrics
from shared.service_client.call_trace import CallTrace, begin_call
from shared.service_client.http1_exchange import Http1Exchange
from shared.service_client.lean_messages import LeanRequest
from shared.service_client.problem_errors import error_from_reply
from shared.service_client.replica_transport import (
    ASKED,
    IS_READ,
    REPEAT,
    TIMEOUT_MS,
    Repeat,
    ReplicaTransport,
)
from shared.settings import ProcessSettings
from shared.tracing.trace_context import KEEP_PATH

READ_TIMEOUT_MS = 2_000
WRITE_TIMEOUT_MS = 10_000
JSON_BODY = {"Content-Type": "application/json"}
_REQUEST_ID_NAME = REQUEST_ID_HEADER.encode()
# "timeout" is a service that did not reply in time; "deadline_passed" is a call, or its retry, that
# was never sent because no time was left.
_OUTCOMES = (
    *("1xx", "2xx", "3xx", "4xx", "5xx"),
    *("timeout", "deadline_passed", "unreachable", "cancelled"),
)
_TELL_TIMEOUT_MS = 1_000.0
NO_HEADERS: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Call:
    """A call without its body; `path` includes the query."""

    method: str
    path: str
    viewer_id: int | None
    timeout_ms: float
    repeat: Repeat

    @property
    def is_read(self) -> bool:
        """Whether a second replica may be asked early: a repeatable GET or POST that is quick."""
        if self.timeout_ms > READ_TIMEOUT_MS:
            return False
        return self.method == "GET" or (self.method == "POST" and self.repeat is Repeat.ALWAYS)


class ServiceClient:
    """Calls to one service. Every method returns the decoded JSON, or None for an empty body.

    Each method raises the error that the service replied with, such as NotFound, or a Conflict
    with its code. It raises Unavailable if the service cannot be reached, and DeadlineExceeded if
    the time is over. Make one client per upstream and process, and close it. Tests may pass another
    httpx transport.
    """

    def __init__(
        self,
        name: str,
        base_url: str,
        network: Network,
        caller: ProcessSettings,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        url = httpx.URL(base_url)
        self.name = name
        self._origin = base_url.rstrip("/")
        self._host_header = url.netloc
        key = caller.internal_keys[name].get_secret_value()
        self._signer = TokenSigner(key=key, audience=name, caller=caller.instance)
        self._transport = transport or ReplicaTransport(
            name, url.host, network.resolver, Http1Exchange(url, network.ca_file)
        )
        self._in_flight = metrics.upstream_in_flight.labels(name)
        self._seconds = metrics.upstream_call_seconds.labels(name)
        self._ended = {one: metrics.upstream_calls.labels(name, one) for one in _OUTCOMES}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close all connections."""
        await self._transport.aclose()

    async def get(
        self,
        path: str,
        *,
        viewer_id: int | None = None,
        params: Mapping[str, Any] | None = None,
        timeout_ms: float = READ_TIMEOUT_MS,
    ) -> Any:
        """Send a GET; parameters that are None are left out."""
        call = Call("GET", path + _query(params), viewer_id, timeout_ms, Repeat.ALWAYS)
        return await self._send(call)

    async def post(
        self,
        path: str,
        body: Any,
        *,
        viewer_id: int | None = None,
        idempotency_key: str | None = None,
        idempotent: bool = False,
        timeout_ms: float = WRITE_TIMEOUT_MS,
    ) -> Any:
        """Post `body` as JSON; a call that may have begun is retried only if it is idempotent."""
        may_repeat = idempotent or idempotency_key is not None
        repeat = Repeat.ALWAYS if may_repeat else Repeat.IF_NOT_BEGUN
        call = Call("POST", path, viewer_id, timeout_ms, repeat)
        headers = {"Idempotency-Key": idempotency_key} if idempotency_key is not None else {}
        return await self._send(call, orjson.dumps(body), headers | JSON_BODY)

    async def post_bytes(
        self,
        path: str,
        content: bytes,
        *,
        viewer_id: int | None = None,
        repeated: bool = False,
        timeout_ms: float = WRITE_TIMEOUT_MS,
    ) -> Any:
        """Post raw bytes to a route that tolerates repetition.

        `repeated` says that the first attempt may be a repetition, too.
        """
        call = Call("POST", path, viewer_id, timeout_ms, Repeat.ALWAYS)
        headers = {"Content-Type": "application/octet-stream"}
        if repeated:
            headers[REPEATED_HEADER] = "1"
        return await self._send(call, content, headers)

    async def put(
        self,
        path: str,
        body: Any = None,
        *,
        viewer_id: int | None = None,
        timeout_ms: float = WRITE_TIMEOUT_MS,
    ) -> Any:
        """Send a PUT, which may be retried; without `body` it has none."""
        call = Call("PUT", path, viewer_id, timeout_ms, Repeat.ALWAYS)
        if body is None:
            return await self._send(call)
        return await self._send(call, orjson.dumps(body), JSON_BODY)

    async def delete(
        self, path: str, *, viewer_id: int | None = None, timeout_ms: float = WRITE_TIMEOUT_MS
    ) -> Any:
        """Send a DELETE, which may be retried."""
        return await self._send(Call("DELETE", path, viewer_id, timeout_ms, Repeat.ALWAYS))

    async def post_stream(
        self,
        path: str,
        chunks: AsyncIterator[bytes],
        headers: Mapping[str, str],
        *,
        viewer_id: int | None = None,
        timeout_ms: float = WRITE_TIMEOUT_MS,
    ) -> Any:
        """Stream a body as it arrives; it is chunked unless `headers` has Content-Length.

        Sent chunks cannot be sent again, so a retry happens only if no connection was made.
        """
        call = Call("POST", path, viewer_id, timeout_ms, Repeat.IF_NOT_SENT)
        return await self._send(call, chunks, headers)

    async def _send(
        self,
        call: Call,
        content: bytes | AsyncIterator[bytes] | None = None,
        headers: Mapping[str, str] = NO_HEADERS,
    ) -> Any:
        self._in_flight.inc()
        started_s = time.perf_counter()
        outcome = "cancelled"
        trace = begin_call()
        try:
            # Built here, so that errors of its deadline are counted as well.
            request = self._request(call, content, headers, trace)
            response = await self._transport.handle_async_request(request)
            if trace is not None:
                trace.hear(response)
            outcome = f"{response.status_code // 100}xx"
        except httpx.TimeoutException as error:
            outcome = "timeout"
            raise DeadlineExceeded(f"The service {self.name} did not answer in time.") from error
        except httpx.TransportError as error:
            outcome = "unreachable"
            raise Unavailable(
                f"The service {self.name} cannot be reached.", retry_after_s=1
            ) from error
        except DeadlineExceeded:
            outcome = "deadline_passed"
            raise
        except Unavailable:  # The name has no known address.
            outcome = "unreachable"
            raise
        finally:
            self._in_flight.dec()
            self._seconds.observe(time.perf_counter() - started_s)
            self._ended[outcome].inc()
            if trace is not None:
                trace.end(self, call, started_s, outcome)
        return _decoded(response, self.name)

    async def tell_to_keep(self, address: str, trace_ids: Sequence[str]) -> None:
        """Tell one replica to keep its parts of traces; one that cannot be told lacks them."""
        if not isinstance(self._transport, ReplicaTransport):
            return
        call = Call("POST", KEEP_PATH, None, _TELL_TIMEOUT_MS, Repeat.IF_NOT_BEGUN)
        request = self._request(call, orjson.dumps(list(trace_ids)), JSON_BODY, None)
        with suppress(httpx.TransportError):
            await self._transport.tell(request, address, _TELL_TIMEOUT_MS / 1000)

    def _request(
        self,
        call: Call,
        content: bytes | AsyncIterator[bytes] | None,
        headers: Mapping[str, str],
        trace: CallTrace | None,
    ) -> httpx.Request:
        extensions = {TIMEOUT_MS: budget_ms(call.timeout_ms), REPEAT: call.repeat}
        if call.is_read:
            extensions[IS_READ] = True
        named = [
            (b"Host", self._host_header),
            (b"Authorization", b"Bearer " + self._signer.token(call.viewer_id).encode()),
            (_REQUEST_ID_NAME, (request_id.get() or "").encode()),
            *((name.encode(), value.encode()) for name, value in headers.items()),
        ]
        if trace is not None:
            named.append(trace.header())
            extensions[ASKED] = trace.asked
        if content is not None and not isinstance(content, bytes):
            url = self._origin + call.path
            return httpx.Request(
                call.method, url, headers=named, content=content, extensions=extensions
            )
        if content is not None or call.method != "GET":
            named.append((b"Content-Length", b"%d" % len(content or b"")))
        return LeanRequest(
            call.method,
            self._origin,
            call.path,
            raw_headers=named,
            content=content or b"",
            extensions=extensions,
        )


def _decoded(response: httpx.Response, upstream: str) -> Any:
    if response.is_success:
        return orjson.loads(response.content) if response.content else None
    raise error_from_reply(response, upstream)


def _query(params: Mapping[str, Any] | None) -> str:
    given = tuple(
        (name, tuple(map(str, value)) if isinstance(value, list) else str(value))
        for name, value in (params or {}).items()
        if value is not None
    )
    return _encoded(given) if given else ""


# Cached because most calls ask for a first page with one of a few limits.
@lru_cache(maxsize=1024)
def _encoded(given: tuple[tuple[str, str | tuple[str, ...]], ...]) -> str:
    return f"?{urlencode(given, doseq=True)}"
