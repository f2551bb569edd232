"""Everything is restarted, one replica after the other, again and again: no request fails."""

import asyncio
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from bench.drills.dead_replicas import say_errors
from bench.drills.drill import Drill
from bench.drills.finding import Finding, say
from bench.drills.process_metrics import SERVICES
from tests.suite import Suite

RESTARTED = (*SERVICES, "nginx")


async def rolling_restarts(drill: Drill) -> list[Finding]:
    """What `make restart` does, for each service and the balancers."""
    asked = failed = resent = 0
    # The tool belongs on another machine than what it restarts: to load it takes a second here, and
    # in the process of the load it would keep that waiting. So it is kept ready beside it.
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as tool:
        tool.submit(_load_tool).result()
        for number in range(drill.restarts):
            requests = await drill.requests()
            for service in RESTARTED:
                say(f"rolling restart {number + 1} of {drill.restarts}: {service}")
                async with drill.load(requests) as answers:
                    await asyncio.wrap_future(tool.submit(_restart, drill.suite.run_dir, service))
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


def _restart(run_dir: Path, service: str) -> None:
    asyncio.run(Suite(run_dir, None).restart_within(service))


def _load_tool() -> None:
    """Whoever runs this has imported it."""
