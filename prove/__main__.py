"""`make prove`: runs load and faults against the suite, and checks that nothing was lost."""

import argparse
import asyncio
import os
import signal
import sys
from pathlib import Path

import httpx
import uvloop

from infra.automation.standstill import automation_off
from infra.suite import limits_of
from prove.checks.every_check import check_all
from prove.history import read_history
from prove.people import hang_up
from prove.report import tell, write_report
from prove.run import CLIENTS, PER_SECOND, Plan, Run, UnknownFault
from tests.suite import Suite


async def main() -> int:
    """Run, or go on with an unfinished run of this seed; returns the exit status."""
    asked = _arguments()
    task = asyncio.current_task()
    for number in (signal.SIGINT, signal.SIGTERM):
        # The task is cancelled, so that everything broken is repaired first.
        if task is not None:
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    suite = Suite(Path(os.environ.get("RETRATO_RUN_DIR") or ".run"), None)
    _check_it_is_up(suite)
    kinds = [word.replace("-", " ") for word in asked.only or ()]
    plan = Plan(asked.seed, asked.minutes * 60, asked.clients, asked.rate, kinds)
    run = Run(suite, _folder(suite, asked.seed), plan)
    print(f"{run.folder}: seed {asked.seed}, {asked.minutes:g} minutes", flush=True)
    try:
        # What heals a fault is the suite itself, and no reaction to an alert about it.
        with automation_off(suite.on_disk.folder):
            proof = await run.finish()
    except asyncio.CancelledError:
        print(f"\nStopped; all is repaired. `make prove SEED={asked.seed}` goes on.")
        return 130
    except UnknownFault as unknown:
        sys.exit(str(unknown))
    await hang_up(proof.sessions)
    found = check_all(proof.history, proof.state)
    page = write_report(run.folder, proof.history, found)
    status = tell(proof.history, found)
    print(f"\n{page}")
    return max(status, _restore_drill(suite, asked.seed) if asked.drill else 0)


def _check_it_is_up(suite: Suite) -> None:
    try:
        httpx.get(f"{suite.public_url}/v1/openapi.json")
    except httpx.TransportError:
        sys.exit("The suite does not answer: run `make up LIMITS=loose` first.")
    if limits_of(suite.on_disk.folder, requested=None) != "loose":
        sys.exit("The rate limits are too low: run `make up LIMITS=loose` first.")


def _folder(suite: Suite, seed: int) -> Path:
    """Return the folder of the seed's unfinished run, or a new one."""
    for number in range(1, 1_000):
        folder = suite.run_dir / "prove" / f"seed-{seed}-run-{number}"
        file = folder / "history.jsonl"
        if not file.exists() or not read_history(file).finished:
            return folder
    raise SystemExit(f"There are too many runs of the seed {seed}: delete some.")


def _restore_drill(suite: Suite, seed: int) -> int:
    """Restore the backups beside the suite, if it takes any; returns the status to exit with."""
    if not suite.plan.backup.enabled:
        print("backups are off, so no restore is tried")
        return 0
    try:
        print(suite.operate("restore-drill", "--seed", str(seed)))
    except RuntimeError as failed:
        print(failed)
        return 1
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="prove")
    parser.add_argument("--minutes", type=float, default=10.0, help="of load, over all sessions")
    parser.add_argument("--seed", type=int, default=1, help="decides the faults and their order")
    parser.add_argument("--rate", type=float, default=PER_SECOND, help="operations a second")
    parser.add_argument("--clients", type=int, default=CLIENTS, help="people who act at once")
    parser.add_argument("--only", nargs="*", help="kinds of faults, such as kill-primary")
    parser.add_argument(
        "--no-drill", dest="drill", action="store_false", help="do not restore the backups"
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(uvloop.run(main()))
