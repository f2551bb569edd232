"""`make bench`: measures the running suite for some minutes; prints tables, writes a page."""

import os
import sys
from pathlib import Path

import httpx
import uvloop

from bench.bench_world import bench_world
from bench.fan_out import measure as measure_fan_out
from bench.fan_out import section as fan_out_section
from bench.gateway_costs import gateway_costs, most_of_ours
from bench.gateway_costs import section as gateways_section
from bench.results import Report
from bench.steady_rate import section as steady_section
from bench.steady_rate import steady_rate
from bench.suite_cases import section as cases_section
from bench.suite_cases import suite_cases
from tests.suite import Suite


async def main() -> None:
    """Run all measurements and print the path of the page."""
    suite = Suite(Path(os.environ.get("RETRATO_RUN_DIR") or ".run"), None)
    _check_it_is_up(suite)
    report = Report("Retrato: what requests cost")
    async with bench_world(suite) as world:
        report.add(cases_section(await suite_cases(world)))
        gateways = await gateway_costs(world)
        report.add(gateways_section(gateways))
        report.add(steady_section(*await steady_rate(world, most_of_ours(gateways))))
    report.add(fan_out_section(await measure_fan_out(suite)))
    page = report.write(suite.run_dir / "bench")
    print(f"\n{page}")


def _check_it_is_up(suite: Suite) -> None:
    try:
        reply = httpx.get(f"{suite.public_url}/v1/openapi.json")
    except httpx.TransportError:
        sys.exit("The suite does not answer: run `make up LIMITS=loose` first.")
    limits = reply.headers.get("X-RateLimit-Limit", "0")
    if int(limits) < 100_000:
        sys.exit("The rate limits are too low: run `make up LIMITS=loose` first.")


if __name__ == "__main__":
    uvloop.run(main())
