"""`make drills`: breaks the running suite under load in all ways that it must survive.

It first searches for the knee, unless the rate is given. Then it runs the drills one after the
other, and prints a table at the end. It takes twenty minutes and needs a suite of its own. Every
drill repairs what it breaks. The exit status is 1 if a target was missed.
"""

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import uvloop

from bench.bench_world import bench_world
from bench.drills.attempts import attempts
from bench.drills.brown_out import brown_outs
from bench.drills.dead_replicas import dead_replicas
from bench.drills.drill import SHARE_OF_THE_KNEE, Drill, mixed_requests
from bench.drills.finding import Finding, say, section
from bench.drills.hang_ups import hang_ups
from bench.drills.internal_calls import internal_calls
from bench.drills.isolation import isolation
from bench.drills.late_starts import late_starts
from bench.drills.pauses import pauses
from bench.drills.rolling_restarts import rolling_restarts
from bench.knee import find_knee, warm_up
from bench.open_loop import exchanges_of
from bench.results import Report
from tests.suite import Suite

DRILLS: dict[str, Callable[[Drill], Awaitable[list[Finding]]]] = {
    "calls": internal_calls,
    "attempts": attempts,
    "late-starts": late_starts,
    "hang-ups": hang_ups,
    "pauses": pauses,
    "dead-replicas": dead_replicas,
    "brown-outs": brown_outs,
    "isolation": isolation,
    "restarts": rolling_restarts,
}


async def main() -> None:
    """Run the requested drills, print the table, and write it as a page."""
    asked = _arguments()
    if task := asyncio.current_task():
        # SIGTERM cancels the task, so that frozen and dead processes are repaired first.
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    suite = Suite(Path(os.environ.get("RETRATO_RUN_DIR") or ".run"), None)
    report = Report("Retrato: drills")
    findings: list[Finding] = []
    async with bench_world(suite) as world:
        exchanges = exchanges_of(suite)
        requests = mixed_requests(world)
        await warm_up(exchanges, requests)
        knee = None if asked.rate else await find_knee(exchanges, requests)
        rate = asked.rate or (knee or 0.0) * SHARE_OF_THE_KNEE
        drill = Drill(suite, world, exchanges, rate, knee, asked.seconds, asked.restarts)
        for name in asked.only or DRILLS:
            for finding in await DRILLS[name](drill):
                say(
                    f"{'kept' if finding.is_kept else 'NOT KEPT'}: {finding.done}: {finding.figure}"
                )
                findings.append(finding)
    report.add(section(findings, rate, knee))
    print(f"\n{report.write(suite.run_dir / 'drills')}")
    sys.exit(0 if all(finding.is_kept for finding in findings) else 1)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="drills")
    parser.add_argument("--rate", type=float, help="requests a second; else 0.7 of the knee")
    parser.add_argument("--only", nargs="*", choices=list(DRILLS), help="these drills and no other")
    parser.add_argument("--seconds", type=float, default=60.0, help="of load after a kill")
    parser.add_argument("--restarts", type=int, default=2, help="of everything, rolling")
    return parser.parse_args()


if __name__ == "__main__":
    uvloop.run(main())
