"""An open-loop load: a fixed rate of requests, whether or not earlier ones were answered."""

import asyncio
import itertools
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import httpx

from shared.service_client.http1_exchange import Http1Exchange
from tests.suite import Suite

Exchanges = Sequence[tuple[Http1Exchange, str]]

# A pool has at most 128 connections, so a high load needs several.
POOLS_PER_BALANCER = 6
ANSWER_S_MAX = 5.0
# With more requests under way, the load would only measure this machine's memory.
UNDER_WAY_MAX = 4_000


@dataclass(frozen=True, slots=True)
class Answer:
    """The outcome of one request; status 0 means no reply.

    `sent_s` is the time at which it was due, in seconds since the loop began. `kind` is
    `request.extensions["kind"]`.
    """

    sent_s: float
    took_s: float
    status: int
    kind: str = ""
    request_id: str = ""

    @property
    def is_good(self) -> bool:
        """Whether the status is a success or a redirect."""
        return 200 <= self.status < 400

    @property
    def is_refusal(self) -> bool:
        """Whether the status is 429 or 503."""
        return self.status in {429, 503}


@dataclass
class Answers:
    """The answers of one run."""

    seconds: float
    all: list[Answer] = field(default_factory=list)
    resent: int = 0
    began_s: float = 0.0

    @property
    def good_per_second(self) -> float:
        """Good answers per second."""
        return sum(answer.is_good for answer in self.all) / self.seconds

    @property
    def now_s(self) -> float:
        """The present time in seconds since the loop began."""
        return time.perf_counter() - self.began_s

    def count(self, *, good: bool) -> int:
        """Count the good answers, or the refusals."""
        return sum(answer.is_good if good else answer.is_refusal for answer in self.all)

    @property
    def failed(self) -> int:
        """The number of answers that are neither good nor refusals."""
        return len(self.all) - self.count(good=True) - self.count(good=False)

    def ms(self, share: float, *, good: bool) -> float:
        """Return a percentile of the good answers' times, or of the refusals'."""
        chosen = sorted(a.took_s for a in self.all if (a.is_good if good else a.is_refusal))
        return chosen[min(int(len(chosen) * share), len(chosen) - 1)] * 1000 if chosen else 0.0

    def between(self, first_s: float, last_s: float) -> "Answers":
        """Return the answers to requests of a part of the run."""
        part = [answer for answer in self.all if first_s <= answer.sent_s < last_s]
        return Answers(last_s - first_s, part)


def exchanges_of(suite: Suite) -> Exchanges:
    """Make several pools per balancer, each with the address that it dials."""
    nginx = suite.plan.nginx
    return [
        (Http1Exchange(httpx.URL(f"http://{address}:{nginx.port}"), None, patience_s=0), address)
        for address in nginx.replicas
        for _ in range(POOLS_PER_BALANCER)
    ]


async def open_loop(
    exchanges: Exchanges,
    requests: Sequence[httpx.Request],
    per_second: float,
    seconds: float,
    answers: Answers | None = None,
) -> Answers:
    """Send the requests in rotation over the exchanges in rotation.

    An answer's time begins when its request was due. So if the sender falls behind, the times
    include that delay. The caller may pass `answers` to watch them, and lower `answers.seconds`
    to end the loop early.
    """
    answers = answers if answers is not None else Answers(seconds)
    under_way: set[asyncio.Task[None]] = set()
    began_s = answers.began_s = time.perf_counter()
    turns = zip(itertools.cycle(exchanges), itertools.cycle(requests), strict=False)
    for number, ((exchange, address), request) in enumerate(turns):
        due_s = number / per_second
        if due_s >= answers.seconds:
            break
        await asyncio.sleep(max(0.0, began_s + due_s - time.perf_counter()))
        if len(under_way) >= UNDER_WAY_MAX:
            answers.all.append(Answer(due_s, 0.0, 0))
            continue
        task = asyncio.create_task(_send((exchange, address), request, due_s, answers))
        under_way.add(task)
        task.add_done_callback(under_way.discard)
    if under_way:
        await asyncio.wait(under_way)
    return answers


async def _send(
    way: tuple[Http1Exchange, str], request: httpx.Request, due_s: float, answers: Answers
) -> None:
    try:
        response = await _ask(way, request, answers)
        status, request_id = response.status_code, response.headers.get("X-Request-ID", "")
    except httpx.TransportError:
        status, request_id = 0, ""
    kind = request.extensions.get("kind", "")
    answers.all.append(Answer(due_s, answers.now_s - due_s, status, kind, request_id))


async def _ask(
    way: tuple[Http1Exchange, str], request: httpx.Request, answers: Answers
) -> httpx.Response:
    """Send a request, and once more if a kept connection closed before the reply, unless a POST.

    By RFC 9112, 9.3.1, a server may close an idle connection at any time, even while a request is
    on its way. Clients then retry idempotent requests.
    """
    exchange, address = way
    try:
        return await exchange.send(request, address, ANSWER_S_MAX)
    except httpx.ReadError:
        if request.method == "POST":
            raise
        answers.resent += 1
        return await exchange.send(request, address, ANSWER_S_MAX)
