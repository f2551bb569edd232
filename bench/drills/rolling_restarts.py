"""Everything is restarted, one replica after the other, again and again: no request fails."""

from bench.drills.dead_replicas import say_errors
from bench.drills.drill import Drill
from bench.drills.finding import Finding, say
from bench.drills.process_metrics import SERVICES

RESTARTED = (*SERVICES, "nginx")


async def rolling_restarts(drill: Drill) -> list[Finding]:
    """What `make restart` does, for each service and the balancers."""
    asked = failed = resent = 0
    for number in range(drill.restarts):
        requests = await drill.requests()
        for service in RESTARTED:
            say(f"rolling restart {number + 1} of {drill.restarts}: {service}")
            async with drill.load(requests) as answers:
                # The tool itself belongs on another machine than those that it restarts.
                await drill.suite.restart_within(service)
            say_errors(answers, 0.0)
            asked += len(answers.all)
            failed += len(answers.all) - answers.count(good=True)
            resent += answers.resent
    return [
        Finding(
            "draining loses nothing",
            f"{drill.restarts} rolling restarts of everything",
            "no failed request",
            f"{failed} of {asked} ({resent} sent again on a new connection)",
            failed == 0,
        )
    ]
