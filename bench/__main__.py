"""`make bench`: a few minutes against the suite that is up: tables, and a page with plots."""

import os
import sys
from pathlib import Path

import httpx
import uvloop

from bench.bench_world import bench_world
from bench.charts import BarChart
from bench.fan_out import measure as measure_fan_out
from bench.fan_out import section as fan_out_section
from bench.gateway_costs import AT_ONCE, GatewayResult, gateway_costs
from bench.results import Report, Section, cpu_row
from bench.suite_cases import CaseResult, suite_cases
from tests.suite import Suite


async def main() -> None:
    """Run everything; say where the page is."""
    suite = Suite(Path(os.environ.get("RETRATO_RUN_DIR") or ".run"), None)
    _check_it_is_up(suite)
    report = Report("Retrato: what requests cost")
    async with bench_world(suite) as world:
        report.add(_cases_section(await suite_cases(world)))
        report.add(_gateways_section(await gateway_costs(world)))
    report.add(fan_out_section(await measure_fan_out(suite)))
    page = report.write(suite.run_dir / "bench")
    print(f"\n{page}")


def _check_it_is_up(suite: Suite) -> None:
    try:
        reply = httpx.get(f"{suite.public_url}/v1/openapi.json")
    except httpx.TransportError:
        sys.exit("Nothing answers: `make up LIMITS=loose` first.")
    limits = reply.headers.get("X-RateLimit-Limit", "0")
    if int(limits) < 100_000:
        sys.exit("The limits of callers are in force: `make up LIMITS=loose` first.")


def _cases_section(results: list[CaseResult]) -> Section:
    return Section(
        "What people do, through all of it",
        "Closed loops of 16 callers (4 for the last three) through both balancers over plain HTTP,"
        " TLS behind them, with session, limits and metrics. Processor time is that of all"
        " processes of a kind, a request; what their pauses cost is in it.",
        ["request", "a second", "p50 ms", "p99 ms", "failed", "CPU ms, all"],
        [
            cpu_row(
                one.name,
                [
                    f"{one.run.per_second:.0f}",
                    f"{one.run.ms(0.5):.1f}",
                    f"{one.run.ms(0.99):.1f}",
                    str(one.run.failed),
                ],
                one.cpu_ms,
            )
            for one in results
        ],
        [
            BarChart(
                "Processor time of a request, by kind of process",
                "Which programs work how long for one request. Shorter is better.",
                "ms",
                [(r.name, r.cpu_ms) for r in results],
            )
        ],
        [f"{one.name}: {_split(one)}" for one in results],
    )


def _split(result: CaseResult) -> str:
    parts = sorted(result.cpu_ms.items(), key=lambda part: -part[1])
    return ", ".join(f"{kind} {ms:.2f}" for kind, ms in parts if ms >= 0.05)


def _gateways_section(results: list[GatewayResult]) -> Section:
    floor, ours, textbook = results
    return Section(
        "The gateway next to its floor and to one by the book",
        "A home timeline of 20 posts, asked of each gateway directly over TLS by"
        f" {AT_ONCE} callers, in turns; processor time is that of the gateway's process alone. The"
        " floor is a bare ASGI application over bare sockets without limits, metrics, deadlines or"
        " a second replica; the textbook is FastAPI with models in and out and httpx as it comes.",
        ["gateway", "a second", "p50 ms", "p99 ms", "CPU ms", "of the floor"],
        [
            [
                one.name,
                f"{max(run.per_second for run in one.runs):.0f}",
                f"{one.runs[-1].ms(0.5):.1f}",
                f"{one.runs[-1].ms(0.99):.1f}",
                f"{one.median_cpu_ms:.2f}",
                f"{one.median_cpu_ms / floor.median_cpu_ms:.2f}",
            ]
            for one in results
        ],
        [
            BarChart(
                "Processor time of the gateway's process, a request",
                "What one home timeline costs in the gateway alone. Shorter is better.",
                "ms",
                [(one.name, {"gateway": one.median_cpu_ms}) for one in results],
            )
        ],
        [
            f"ours costs {ours.median_cpu_ms / floor.median_cpu_ms:.2f} times the floor",
            f"the textbook costs {textbook.median_cpu_ms / ours.median_cpu_ms:.2f} times ours",
        ],
    )


if __name__ == "__main__":
    uvloop.run(main())
