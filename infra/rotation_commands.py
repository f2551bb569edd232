"""The command that replaces secrets: `make rotate SECRET=media`."""

import asyncio
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated

import typer

from infra.command_line import app, told
from infra.control.failures import SuiteFailure
from infra.control.other_rotations import DATABASES, other_ways, ways_meant, why_kept
from infra.control.progress import Progress
from infra.control.replaceable import known_words, names_meant
from infra.control.rotation import WAITED_S_MAX, begin_rotation, end_rotation, ends_of
from infra.control.run_lock import sole_command
from infra.control.supervisor import Supervisor
from infra.control.upkeep import require_running
from infra.suite import Suite, open_suite

_SAY_EACH_S = 60.0
_WHOLE = {"STARTING", "RUNNING", "STOPPED"}


@app.command()
@told
def rotate(
    secrets: Annotated[str, typer.Argument(help="Names, comma separated; or: all")],
    now: Annotated[
        bool, typer.Option("--now", help="End the former values at once, whoever still has them.")
    ] = False,
) -> None:
    """Replace secrets while everything runs; the same command goes on after an interruption."""
    suite, progress = open_suite(), Progress()
    words = [word.strip() for word in secrets.split(",") if word.strip()]
    names = _names_of(suite, words)
    require_running(suite)
    _require_whole(suite)
    given = _given_by_the_operator(suite, names)
    if "all" in words and suite.plan.failover is not None:
        progress.say(why_kept(suite.plan, "ca"))
    with sole_command(suite.folder, "rotate"):
        asyncio.run(begin_rotation(suite, names, given, progress, now=now))
        asyncio.run(_go_other_ways(suite, words, progress))
    # Other commands may work meanwhile.
    _wait_for_ends(suite, progress)
    with sole_command(suite.folder, "rotate"):
        asyncio.run(end_rotation(suite, progress))
    for name, until_s in ends_of(suite).items():
        end = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(until_s))
        progress.say(f"{name}: tokens of the former value count until {end} at the latest")
    progress.say("done")


def _require_whole(suite: Suite) -> None:
    """Raise SuiteFailure if a process does not run, before anything is changed.

    What an interrupted restart has stopped is started again by the next one.
    """
    states = Supervisor(suite.folder).states()
    down = [
        process.name
        for process in suite.plan.processes
        if process.name not in states or states[process.name].state not in _WHOLE
    ]
    if down:
        raise SuiteFailure(
            f"{', '.join(down)} does not run: `make up` starts what is missing. Nothing was"
            " changed."
        )


def _names_of(suite: Suite, words: list[str]) -> list[str]:
    if not words:
        raise SuiteFailure(f"SECRET= wants one or more of: {', '.join(_all_words(suite))}.")
    external = {secret.name for secret in suite.plan.secrets if secret.given}
    names: list[str] = []
    for word in words:
        if why := why_kept(suite.plan, word):
            raise SuiteFailure(why)
        meant = list(names_meant(suite.plan, word))
        if not meant and not ways_meant(suite.plan, word):
            known = ", ".join(_all_words(suite))
            raise SuiteFailure(f"No secret is called {word!r}; SECRET= knows {known}.")
        # The keys of another's store are made there, and given here.
        names += [name for name in meant if word != "all" or name not in external]
    return list(dict.fromkeys(names))


def _all_words(suite: Suite) -> list[str]:
    return [*known_words(suite.plan), DATABASES, *sorted(other_ways(suite.plan))]


def _given_by_the_operator(suite: Suite, names: list[str]) -> Mapping[str, str]:
    """Ask for values that only the operator of an external store can make."""
    external = {secret.name for secret in suite.plan.secrets if secret.given}
    return {
        name: typer.prompt(f"The new {name}", hide_input=sys.stdin.isatty())
        for name in names
        if name in external
    }


async def _go_other_ways(suite: Suite, words: list[str], progress: Progress) -> None:
    meant = {way for word in words for way in ways_meant(suite.plan, word)}
    for word, way in other_ways(suite.plan).items():
        if word in meant:
            # Each reads the secrets that the one before it has changed.
            await way(replace(suite), progress)


def _wait_for_ends(suite: Suite, progress: Progress) -> None:
    """Wait for former values that end soon."""
    said_s = 0.0
    while soon := [u for u in ends_of(suite).values() if 0 < u - time.time() < WAITED_S_MAX]:
        left_s = max(soon) - time.time()
        if time.monotonic() - said_s > _SAY_EACH_S:
            said_s = time.monotonic()
            progress.say(f"the former values count for another {left_s:.0f} s; Ctrl-C leaves them")
        time.sleep(min(max(left_s, 0.0) + 0.1, 5.0))
