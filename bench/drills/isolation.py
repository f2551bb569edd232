"""A service or its database is down: unrelated requests succeed, all others fail quickly."""

import asyncio
from dataclasses import dataclass

from bench.drills.dead_replicas import say_errors
from bench.drills.drill import Drill
from bench.drills.finding import Finding, say
from bench.open_loop import Answers

BEFORE_S = 10.0
DOWN_S = 15.0
REFUSED_MS_MAX = 300.0
# Loose bounds: among a few hundred requests the p99 is one of the slowest two.
SLOWER_MAX, LATER_MS_MAX = 2.0, 100.0
# Calls under way at the outage fail, and so do the first calls that discover it.
NOTICED_S = 2.0
READS_OF_POSTS = ("home", "person's posts", "activity")
WRITES_OF_FEED = ("seen", "like", "comment")
UPLOADS = ("photo", "upload")


@dataclass(frozen=True, slots=True)
class Outage:
    """What goes down, and which kinds of requests do not depend on it.

    `goes_on` names dependent kinds that succeed after a moment, as the gateway's README promises.
    """

    what: str
    service: str
    is_database: bool
    unrelated: tuple[str, ...]
    goes_on: tuple[str, ...]

    def processes(self, drill: Drill) -> list[str]:
        """Return the names of all processes that go down."""
        of = drill.databases if self.is_database else drill.replicas
        return of(self.service)


OUTAGES = (
    # Every request needs users for its session, so no kind is unrelated.
    Outage("users", "users", False, (), ("home", "photo")),
    Outage("feed", "feed", False, UPLOADS, ("profile",)),
    Outage("upload", "upload", False, ("profile", *READS_OF_POSTS, *WRITES_OF_FEED), ()),
    # Replicas stand in for their primaries, so all reads go on.
    Outage("users' primaries", "users", True, (), ("profile", *READS_OF_POSTS, *UPLOADS)),
    Outage("feed's primaries", "feed", True, UPLOADS, ("profile", *READS_OF_POSTS)),
    Outage(
        *("upload's primaries", "upload", True),
        *(("profile", *READS_OF_POSTS, *WRITES_OF_FEED), ("photo",)),
    ),
)


async def isolation(drill: Drill) -> list[Finding]:
    """Run the outages one after the other."""
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
            # The load ends here, because restarting the processes slows the machine.
            answers.seconds = answers.now_s
    await drill.is_well()
    noticed = answers.between(down_s + NOTICED_S, down_s + DOWN_S)
    findings = [_dependent(outage, noticed, down_s)]
    if outage.goes_on:
        findings.insert(0, _goes_on(outage, _of(noticed, outage.goes_on), down_s))
    if outage.unrelated:
        before, during = answers.between(0, down_s), answers.between(down_s, down_s + DOWN_S)
        was, now = (_of(part, outage.unrelated) for part in (before, during))
        findings.insert(0, _unharmed(outage, was, now, down_s))
    return findings


def _of(answers: Answers, kinds: tuple[str, ...]) -> Answers:
    return Answers(answers.seconds, [answer for answer in answers.all if answer.kind in kinds])


def _unharmed(outage: Outage, before: Answers, during: Answers, down_s: float) -> Finding:
    errors = len(during.all) - during.count(good=True)
    was_ms, is_ms = before.ms(0.99, good=True), during.ms(0.99, good=True)
    say_errors(during, down_s)
    return Finding(
        "unrelated requests are unharmed",
        f"without {outage.what}: {', '.join(outage.unrelated)}",
        "no errors, p99 about the same",
        f"{errors} of {len(during.all)}, p99 {is_ms:.0f} ms (before {was_ms:.0f})",
        errors == 0 and is_ms <= max(was_ms * SLOWER_MAX, was_ms + LATER_MS_MAX),
    )


def _goes_on(outage: Outage, noticed: Answers, down_s: float) -> Finding:
    errors = len(noticed.all) - noticed.count(good=True)
    say_errors(noticed, down_s)
    return Finding(
        "what can degrade does",
        f"without {outage.what}, {NOTICED_S:.0f} s later: {', '.join(outage.goes_on)}",
        "no errors",
        f"{errors} of {len(noticed.all)}, p99 {noticed.ms(0.99, good=True):.0f} ms",
        errors == 0,
    )


def _dependent(outage: Outage, noticed: Answers, down_s: float) -> Finding:
    known = (*outage.unrelated, *outage.goes_on)
    rest = [answer for answer in noticed.all if answer.kind not in known]
    answers = Answers(noticed.seconds, rest)
    say_errors(Answers(noticed.seconds, [a for a in rest if not a.is_refusal]), down_s)
    slowest_ms = answers.ms(0.99, good=False)
    return Finding(
        "dependent requests fail quickly",
        f"without {outage.what}, {NOTICED_S:.0f} s later: all else",
        f"good, or 503 within {REFUSED_MS_MAX:.0f} ms",
        f"{answers.count(good=True)} good, {answers.count(good=False)} refused, p99"
        f" {slowest_ms:.0f} ms, {answers.failed} failed",
        answers.failed == 0 and slowest_ms <= REFUSED_MS_MAX,
    )
