"""`make bench-alerts`: breaks the running suite, and prints how soon each alert is told.

It needs a suite of its own with watchers, takes half an hour, and mends what it breaks. Until it
ends, people's alerts go to it alone. With `--quiet` it breaks nothing, restarts every service in
turn, and prints the alerts that were told nevertheless: there should be none.
"""

import argparse
import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

import httpx

from bench.alerts.data_faults import data_faults
from bench.alerts.faults import WAVES, Fault, Scene
from bench.alerts.receiver import receiver
from infra.automation.standstill import automation_off
from infra.control.supervisor import Supervisor
from infra.watching.reading import firing
from infra.watching.rule_file import alerts_of
from tests.eventually import eventually
from tests.journeys.phone import Phone, phone_of, picture, sign_in
from tests.suite import Suite

_CALM_WITHIN_S = 900.0
_PATIENCE_MAX_S = 1_200.0
_REQUESTS_A_SECOND = 5
_RESOLVED_WITHIN_S = 1_200.0


async def main() -> None:
    """Run the faults, or watch a quiet suite, and print a table."""
    asked = _arguments()
    suite = Suite(Path(os.environ.get("RETRATO_RUN_DIR") or ".run"), None)
    if suite.plan.watch is None:
        sys.exit("The suite has no watchers: `make up WATCH=1` starts them.")
    if task := asyncio.current_task():
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    with (
        receiver(f"{suite.plan.network}.99.1") as (url, told),
        _told_to(suite, url),
        automation_off(suite.on_disk.folder),
    ):
        async with _people(suite) as (alice, bob):
            scene = Scene(suite, alice, bob, told)
            if asked.quiet:
                await _watch_quietly(scene, asked.quiet * 60)
                return
            print("| fault | alert | severity | told after s | end told after s |")
            print("|---|---|---|---|---|")
            for wave in (*WAVES, *data_faults(suite.plan)):
                await asyncio.gather(
                    *(_run(scene, one) for one in _chosen(wave, asked.only, suite))
                )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="alerts")
    parser.add_argument("--only", nargs="*", help="the faults of these alerts")
    parser.add_argument("--quiet", type=float, default=0, help="minutes without any fault")
    return parser.parse_args()


def _chosen(wave: Iterable[Fault], only: Collection[str] | None, suite: Suite) -> Iterator[Fault]:
    """Yield the wanted faults of a wave that this suite can raise in time, and name the others."""
    known = {alert.name for alert in alerts_of(suite.plan)}
    for fault in wave:
        if only and not set(only) & {*fault.alerts}:
            continue
        if missing := set(fault.alerts) - known:
            print(f"| {fault.words} | {', '.join(sorted(missing))} | not in this suite | | |")
        elif fault.patience_s > _PATIENCE_MAX_S:
            hours = fault.patience_s / 3600
            print(f"| {fault.words} | {', '.join(fault.alerts)} | takes {hours:.1f} hours | | |")
        else:
            yield fault


async def _run(scene: Scene, fault: Fault) -> None:
    await eventually(
        lambda: _are_calm(scene.suite, fault.alerts), within_s=_CALM_WITHIN_S, every_s=2
    )
    began_s = time.monotonic()
    async with fault.breaks(scene):
        await _until(lambda: _all_told(fault.alerts, scene.told.firing, began_s), fault.patience_s)
        # Before all of it is mended, the end of an alert may be told.
        mended_s = time.monotonic()
    told = [name for name in fault.alerts if scene.told.first_firing(name, began_s)]
    await _until(lambda: _all_told(told, scene.told.resolved, mended_s), _RESOLVED_WITHIN_S)
    for name in fault.alerts:
        fired_s = scene.told.first_firing(name, began_s)
        ended_s = scene.told.first_resolved(name, mended_s)
        cells = (
            fault.words,
            name,
            scene.told.severities.get(name, ""),
            f"{fired_s - began_s:.0f}" if fired_s else "NOT TOLD",
            f"{ended_s - mended_s:.0f}" if ended_s else "NOT TOLD",
        )
        print(f"| {' | '.join(cells)} |", flush=True)


async def _until(check: Callable[[], None], within_s: float) -> None:
    """Wait for what may not happen, which the table then says."""
    with suppress(AssertionError):
        await eventually(check, within_s=within_s, every_s=0.25)


def _all_told(names: Iterable[str], times: Mapping[str, list[float]], after_s: float) -> None:
    for name in names:
        assert any(at >= after_s for at in times.get(name, ())), name


def _are_calm(suite: Suite, names: Collection[str]) -> None:
    found = {alert["labels"]["alertname"] for alert in firing(suite.on_disk)}
    assert not found.intersection(names), found


async def _watch_quietly(scene: Scene, seconds: float) -> None:
    began_s = time.monotonic()
    await asyncio.sleep(seconds)
    quiet = _names_since(scene, began_s)
    print(f"alerts in {seconds / 60:.0f} quiet minutes: {', '.join(quiet) or 'none'}", flush=True)
    began_s = time.monotonic()
    for service in dict.fromkeys(process.service for process in scene.suite.processes()):
        # These have no second one: their restart is an outage, and an alert is right.
        if service not in {"postgres", "redis"}:
            await asyncio.to_thread(scene.suite.restart, service)
    await asyncio.sleep(120)
    restarted = _names_since(scene, began_s)
    print(f"alerts during a rolling restart: {', '.join(restarted) or 'none'}", flush=True)
    sys.exit(1 if quiet or restarted else 0)


def _names_since(scene: Scene, began_s: float) -> list[str]:
    told = scene.told.firing
    return sorted(name for name in told if scene.told.first_firing(name, began_s))


@contextmanager
def _told_to(suite: Suite, url: str) -> Iterator[None]:
    """Send people's alerts to this URL, and at the end where they went before."""
    file = suite.on_disk.folder.etc / "alertmanager" / "alertmanager.yml"
    text = file.read_text(encoding="utf-8")
    begin, people, rest = text.partition("  - name: people\n")
    hook = f'    webhook_configs:\n      - url: "{url}"\n        send_resolved: true\n'
    _beginning, heartbeat, behind = rest.partition("  - name: heartbeat\n")
    supervisor = Supervisor(suite.on_disk.folder)
    file.write_text(begin + people + hook + heartbeat + behind, encoding="utf-8")
    supervisor.signal("alertmanager", "HUP")
    try:
        yield
    finally:
        file.write_text(text, encoding="utf-8")
        supervisor.signal("alertmanager", "HUP")


@asynccontextmanager
async def _people(suite: Suite) -> AsyncIterator[tuple[Phone, Phone]]:
    """Two people with a post each, one of whom reads the home timeline all the time."""
    async with (
        phone_of(suite.public_url, "alice") as alice,
        phone_of(suite.public_url, "bob") as bob,
    ):
        await bob.upload(picture())
        await alice.post("first")
        reads = asyncio.create_task(_read_on(alice, suite.public_url))
        try:
            yield alice, bob
        finally:
            reads.cancel()


async def _read_on(phone: Phone, public_url: str) -> None:
    """Read the home timeline again and again, with a new session when one has ended."""

    async def read() -> None:
        with suppress(httpx.HTTPError):
            reply = await phone.http.get("/v1/timelines/home", timeout=5)
            if reply.status_code == httpx.codes.UNAUTHORIZED:
                session = await sign_in(public_url, phone.username)
                phone.http.headers["Authorization"] = f"Bearer {session['access_token']}"

    under_way: set[asyncio.Task[None]] = set()
    while True:
        task = asyncio.create_task(read())
        under_way.add(task)
        task.add_done_callback(under_way.discard)
        await asyncio.sleep(1 / _REQUESTS_A_SECOND)


if __name__ == "__main__":
    asyncio.run(main())
