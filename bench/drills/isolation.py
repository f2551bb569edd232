"""A service or its database is down: the unrelated is unharmed, the rest says so at once."""

import asyncio
from dataclasses import dataclass

from bench.drills.dead_replicas import say_errors
from bench.drills.drill import Drill
from bench.drills.finding import Finding, say
from bench.open_loop import Answers

BEFORE_S = 10.0
DOWN_S = 15.0
REFUSED_MS_MAX = 300.0
SLOWER_MAX = 2.0
# In calls that were under way when it went, and in what finds out that it has gone.
NOTICED_S = 2.0
READS_OF_POSTS = ("home", "person's posts", "activity")
WRITES_OF_FEED = ("seen", "like", "comment")
UPLOADS = ("photo", "upload")


@dataclass(frozen=True, slots=True)
class Outage:
    """What is taken away, and the kinds of requests that go on as written in gateway's README."""

    what: str
    service: str
    is_database: bool
    unharmed: tuple[str, ...]

    def processes(self, drill: Drill) -> list[str]:
        """All that goes down."""
        of = drill.databases if self.is_database else drill.replicas
        return of(self.service)


OUTAGES = (
    # Reading goes on for a minute with what users decided, and writes while their session is known.
    Outage("users", "users", False, (*READS_OF_POSTS, "photo")),
    Outage("feed", "feed", False, ("profile", *UPLOADS)),
    Outage("upload", "upload", False, ("profile", *READS_OF_POSTS, *WRITES_OF_FEED)),
    # Replicas answer for their primaries: all reading goes on.
    Outage("the primaries of users", "users", True, ("profile", *READS_OF_POSTS, *UPLOADS)),
    Outage("the primaries of feed", "feed", True, ("profile", *READS_OF_POSTS, *UPLOADS)),
    Outage(
        *("the primaries of upload", "upload", True),
        ("profile", *READS_OF_POSTS, *WRITES_OF_FEED, "photo"),
    ),
)


async def isolation(drill: Drill) -> list[Finding]:
    """One outage after the other."""
    return [finding for outage in OUTAGES for finding in await _outage(drill, outage)]


async def _outage(drill: Drill, outage: Outage) -> list[Finding]:
    say(f"isolation: without {outage.what}")
    requests = await drill.requests()
    names = outage.processes(drill)
    async with drill.load(requests) as answers:
        await asyncio.sleep(BEFORE_S)
        down_s = answers.now_s
        async with drill.dead(*names):
            await asyncio.sleep(max(0.0, down_s + DOWN_S - answers.now_s))
            # What starting them takes of this machine is no part of the outage.
            answers.seconds = answers.now_s
    await drill.is_well()
    before, during = answers.between(0, down_s), answers.between(down_s, down_s + DOWN_S)
    return [
        _unharmed(outage, _of(before, outage.unharmed), _of(during, outage.unharmed), down_s),
        _dependent(outage, during, down_s),
    ]


def _of(answers: Answers, kinds: tuple[str, ...]) -> Answers:
    return Answers(answers.seconds, [answer for answer in answers.all if answer.kind in kinds])


def _unharmed(outage: Outage, before: Answers, during: Answers, down_s: float) -> Finding:
    errors = len(during.all) - during.count(good=True)
    was_ms, is_ms = before.ms(0.99, good=True), during.ms(0.99, good=True)
    say_errors(during, down_s)
    return Finding(
        "what is unrelated is unharmed",
        f"without {outage.what}: {', '.join(outage.unharmed)}",
        "no errors, p99 about the same",
        f"{errors} of {len(during.all)}, p99 {is_ms:.0f} ms (before {was_ms:.0f})",
        errors == 0 and is_ms <= max(was_ms * SLOWER_MAX, 100.0),
    )


def _dependent(outage: Outage, during: Answers, down_s: float) -> Finding:
    rest = [
        a for a in during.all if a.kind not in outage.unharmed and a.sent_s > down_s + NOTICED_S
    ]
    answers = Answers(DOWN_S - NOTICED_S, rest)
    slowest_ms = answers.ms(0.99, good=False)
    return Finding(
        "what depends says so",
        f"without {outage.what}: the rest, {NOTICED_S:.0f} s later",
        f"good, or 503 within {REFUSED_MS_MAX:.0f} ms",
        f"{answers.count(good=True)} good, {answers.count(good=False)} refused, p99"
        f" {slowest_ms:.0f} ms, {answers.failed} failed",
        answers.failed == 0 and slowest_ms <= REFUSED_MS_MAX,
    )
