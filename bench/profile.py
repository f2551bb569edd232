"""Profiles a process under load: `make profile P=home` (W=feed-1 selects another process).

py-spy samples the process while a case of the bench runs. The flame graph goes to the run folder,
and the most frequent functions are printed.
"""

import argparse
import asyncio
import os
import re
import sys
import tempfile
from collections import Counter
from pathlib import Path

import uvloop

from bench.bench_world import World, bench_world
from bench.closed_loop import closed_loop
from bench.suite_cases import READS
from tests.suite import Suite

AT_ONCE = 8
SAMPLES_A_SECOND = 400
SECONDS = 12
SHOWN = 12


async def main() -> None:
    """Record a profile under load, write the flame graph, and print the top functions."""
    parser = argparse.ArgumentParser(prog="profile")
    parser.add_argument("case", choices=sorted(READS))
    parser.add_argument("--process", default="gateway-1")
    asked = parser.parse_args()
    suite = Suite(Path(os.environ.get("RETRATO_RUN_DIR") or ".run"), None)
    folder = suite.run_dir / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    graph = folder / f"profile-{asked.case}-{asked.process}.svg"
    async with bench_world(suite) as world:
        with tempfile.NamedTemporaryFile(suffix=".txt") as raw:
            load = asyncio.create_task(_load(world, asked.case))
            pid = suite.pid(asked.process)
            await asyncio.gather(_record(pid, "flamegraph", graph), _record(pid, "raw", raw.name))
            load.cancel()
            _print_top(raw.read().decode().splitlines())
    print(f"\n{graph}")


async def _load(world: World, case: str) -> None:
    await closed_loop(READS[case](world), at_once=AT_ONCE, seconds=3 * SECONDS)


async def _record(pid: int, form: str, out: Path | str) -> None:
    spy = Path(sys.executable).with_name("py-spy")
    process = await asyncio.create_subprocess_exec(
        *(str(spy), "record", "--pid", str(pid), "--format", form, "--output", str(out)),
        *("--rate", str(SAMPLES_A_SECOND), "--duration", str(SECONDS), "--nonblocking"),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    if await process.wait():
        sys.exit("py-spy cannot attach to the process: it needs root or permission for ptrace.")


def _print_top(stacks: list[str]) -> None:
    """Print the most frequent functions: innermost ones, and ones anywhere on the stack."""
    own: Counter[str] = Counter()
    within: Counter[str] = Counter()
    for line in stacks:
        stack, _, count = line.rpartition(" ")
        names = [re.sub(r":\d+\)$", ")", frame) for frame in stack.split(";")]
        own[names[-1]] += int(count)
        for name in set(names):
            within[name] += int(count)
    total = sum(own.values()) or 1
    for title, counted in (("running", own), ("on the stack", within)):
        print(f"\n{title}, of {total} samples")
        for name, samples in counted.most_common(SHOWN):
            print(f"  {samples / total:6.1%}  {name}")


if __name__ == "__main__":
    uvloop.run(main())
