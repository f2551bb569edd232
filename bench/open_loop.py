"""An open-loop load: so many requests a second, whether or not the earlier ones are answered."""

import asyncio
import itertools
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import httpx

from shared.web.http1_exchange import Http1Exchange

ANSWER_S_MAX = 5.0
# More than these under way would measure this machine's memory.
UNDER_WAY_MAX = 4_000


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one request; status 0 is none at all."""

    sent_s: float
    took_s: float
    status: int

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

    @property
    def good_per_second(self) -> float:
        """The goodput."""
        return sum(answer.is_good for answer in self.all) / self.seconds

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


async def open_loop(
    exchanges: Sequence[tuple[Http1Exchange, str]],
    requests: Sequence[httpx.Request],
    per_second: float,
    seconds: float,
) -> Answers:
    """Send the requests in turn, over the exchanges in turn; each with the address to dial.

    An answer's time begins when its request was due, not when it was sent: where the sender falls
    behind, the wait of those who would have asked meanwhile is in the figures.
    """
    answers = Answers(seconds)
    under_way: set[asyncio.Task[None]] = set()
    began_s = time.perf_counter()
    turns = zip(itertools.cycle(exchanges), itertools.cycle(requests), strict=False)
    for number, ((exchange, address), request) in enumerate(turns):
        due_s = number / per_second
        if due_s >= seconds:
            break
        await asyncio.sleep(max(0.0, began_s + due_s - time.perf_counter()))
        if len(under_way) >= UNDER_WAY_MAX:
            answers.all.append(Answer(due_s, 0.0, 0))
            continue
        task = asyncio.create_task(_send((exchange, address), request, began_s, due_s, answers))
        under_way.add(task)
        task.add_done_callback(under_way.discard)
    if under_way:
        await asyncio.wait(under_way)
    return answers


async def _send(
    way: tuple[Http1Exchange, str],
    request: httpx.Request,
    began_s: float,
    due_s: float,
    answers: Answers,
) -> None:
    try:
        exchange, address = way
        response = await exchange.send(request, address, ANSWER_S_MAX)
        status = response.status_code
    except httpx.TransportError:
        status = 0
    answers.all.append(Answer(due_s, time.perf_counter() - began_s - due_s, status))
