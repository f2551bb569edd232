"""An open-loop load: so many requests a second, whether or not the earlier ones are answered."""

import asyncio
import itertools
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import httpx

from shared.service_client.http1_exchange import Http1Exchange
from tests.suite import Suite

Exchanges = Sequence[tuple[Http1Exchange, str]]

# A pool holds 128 connections.
POOLS_PER_BALANCER = 6
ANSWER_S_MAX = 5.0
# More than these under way would measure this machine's memory.
UNDER_WAY_MAX = 4_000


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one request; status 0 is none at all.

    Its kind is that of `request.extensions["kind"]`.
    """

    sent_s: float
    took_s: float
    status: int
    kind: str = ""
    request_id: str = ""

    @property
    def is_good(self) -> bool:
        """Answered as it should be."""
        return 200 <= self.status < 400

    @property
    def is_refusal(self) -> bool:
        """Told to come again."""
        return self.status in {429, 503}


@dataclass
class Answers:
    """Of one run."""

    seconds: float
    all: list[Answer] = field(default_factory=list)
    resent: int = 0
    began_s: float = 0.0

    @property
    def good_per_second(self) -> float:
        """The goodput."""
        return sum(answer.is_good for answer in self.all) / self.seconds

    @property
    def now_s(self) -> float:
        """The present moment, as `sent_s` counts."""
        return time.perf_counter() - self.began_s

    def count(self, *, good: bool) -> int:
        """Of good answers, or of refusals."""
        return sum(answer.is_good if good else answer.is_refusal for answer in self.all)

    @property
    def failed(self) -> int:
        """Neither answered nor refused."""
        return len(self.all) - self.count(good=True) - self.count(good=False)

    def ms(self, share: float, *, good: bool) -> float:
        """A percentile of the good answers, or of the refusals."""
        chosen = sorted(a.took_s for a in self.all if (a.is_good if good else a.is_refusal))
        return chosen[min(int(len(chosen) * share), len(chosen) - 1)] * 1000 if chosen else 0.0

    def between(self, first_s: float, last_s: float) -> "Answers":
        """Those that were sent in a part of the run."""
        part = [answer for answer in self.all if first_s <= answer.sent_s < last_s]
        return Answers(last_s - first_s, part)


def exchanges_of(suite: Suite) -> Exchanges:
    """Some pools for each balancer, with the address that each dials."""
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
    """Send the requests in turn, over the exchanges in turn; each with the address to dial.

    An answer's time begins when its request was due, not when it was sent: where the sender falls
    behind, the wait of those who would have asked meanwhile is in the figures. Who gives `answers`
    can look at them while they come in, and end the loop early by lowering their `seconds`.
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
    """Send it as a phone does: again, where a kept connection was closed before any answer.

    RFC 9112, 9.3.1: who keeps connections alive may close an idle one at any time, also while a
    request is on its way to it; what is idempotent is then asked again.
    """
    exchange, address = way
    try:
        return await exchange.send(request, address, ANSWER_S_MAX)
    except httpx.ReadError:
        if request.method == "POST":
            raise
        answers.resent += 1
        return await exchange.send(request, address, ANSWER_S_MAX)
