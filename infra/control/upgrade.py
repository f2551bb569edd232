"""Brings a running suite to another version of the code and back, in steps that can be repeated.

Each step is a command that operators know, so an interrupted upgrade goes on where it was: what is
done already takes no time.
"""

import asyncio
import json
import os
import re
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NoReturn

from infra.code_version import code_version
from infra.control.failures import SuiteFailure
from infra.control.health import are_healthy, version_of
from infra.control.progress import Progress
from infra.control.restart import restart_rolling
from infra.control.run_lock import sole_command
from infra.control.upkeep import require_running, run_migrations
from infra.json_files import read_json, write_durably
from infra.process import Process
from infra.processes import processes_of
from infra.run_folder import REPOSITORY
from infra.suite import Suite
from shared.version import version_text

# Begins like no option, and has nothing that a shell, make or git reads as more than a name.
_NAME_OF_VERSION = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+/@~^-]*")
_GIT_TIMEOUT_S = 60
_STEP_TIMEOUT_S = 3600
_MIGRATIONS = ("services/*/migrations/*.sql", "shared/sharding/migrations/*.sql")


@dataclass(frozen=True, slots=True)
class Upgrade:
    """An upgrade that has begun: the commits before and after, and whether a backup was taken."""

    before: str
    after: str
    is_backed_up: bool = False


def upgrade(suite: Suite, progress: Progress, *, to: str, back: bool) -> None:
    """Bring the suite to the version `to`, or to what is checked out, or with `back` to the former.

    Checks the code out and then becomes `make upgrade` of that code. Raises SuiteFailure.
    """
    require_running(suite)
    begun = _begun(suite)
    head = _commit("HEAD")
    if back:
        if begun is None:
            raise SuiteFailure("No upgrade is known here: check the older version out by hand.")
        to = begun.before
    wanted = _commit(to) if to else head
    if begun is None or (wanted != begun.before and (wanted != head or wanted != begun.after)):
        begun = Upgrade(before=_running(suite) or head, after=wanted)
    # The former version cannot migrate, whatever words name it.
    back = wanted == begun.before != begun.after
    _require_well(suite, progress, goes_on=wanted == head)
    if not back:
        begun = _back_up(suite, begun, progress)
    _write(suite, begun)
    if wanted != head:
        _check_out(wanted, to, progress)
    _finish(suite, begun, progress, back=back)


def _finish(suite: Suite, begun: Upgrade, progress: Progress, *, back: bool) -> None:
    """Migrate, take up settings and code, and check; all in the code that is checked out."""
    if back:
        progress.say("the schema stays: migrations only added")
    else:
        progress.say("migrating; the processes go on with the code that they have")
        with sole_command(suite.folder, "upgrade"):
            run_migrations(suite)
    progress.say("making new settings and starting new processes; then process after process")
    _infra("up")
    wanted = version_text(*code_version())
    with sole_command(suite.folder, "upgrade"):
        asyncio.run(_restart_others(suite, wanted, progress))
    asyncio.run(_check(suite, wanted))
    progress.say(f"all processes run {wanted}, and answer")
    for sentence in _what_remains(begun, back=back):
        progress.say(sentence)


def _begun(suite: Suite) -> Upgrade | None:
    file = _file(suite)
    if not file.exists():
        return None
    try:
        return Upgrade(**read_json(file))
    except TypeError:
        raise SuiteFailure(f"{file} names no upgrade: move it away, then run this again.") from None


def _write(suite: Suite, begun: Upgrade) -> None:
    write_durably(_file(suite), json.dumps(asdict(begun), indent=1) + "\n")


def _file(suite: Suite) -> Path:
    return suite.folder.root / "upgrade.json"


def _running(suite: Suite) -> str | None:
    """Return the commit that most processes run, if git knows it."""
    versions = asyncio.run(_versions(suite))
    commits = [text.partition("+")[2] for text in versions.values() if "+" in text]
    if not commits:
        return None
    try:
        return _commit(max(commits, key=commits.count))
    except SuiteFailure:
        return None


async def _versions(suite: Suite) -> dict[str, str]:
    processes = processes_of(suite)
    texts = await asyncio.gather(*(version_of(suite, process) for process in processes))
    return {process.name: text for process, text in zip(processes, texts, strict=True) if text}


def _require_well(suite: Suite, progress: Progress, *, goes_on: bool) -> None:
    silent = asyncio.run(_silent(suite))
    if not silent:
        return
    if not goes_on:
        raise SuiteFailure(
            f"A suite that is not well is not upgraded: {', '.join(silent)} does not answer."
            " `make status` shows what is wrong, `make up` starts what is missing."
        )
    # An upgrade that was interrupted may have left something stopped, which the next step starts.
    progress.say(f"going on, although {', '.join(silent)} does not answer")


async def _silent(suite: Suite) -> list[str]:
    processes = processes_of(suite)
    answers = await are_healthy(suite, processes)
    return [process.name for process, well in zip(processes, answers, strict=True) if not well]


def _back_up(suite: Suite, begun: Upgrade, progress: Progress) -> Upgrade:
    if begun.is_backed_up:
        return begun
    if suite.plan.backup.enabled:
        progress.say("taking a backup first")
        _infra("backup")
    else:
        progress.say("without a backup: backups are off")
    return Upgrade(begun.before, begun.after, is_backed_up=True)


def _check_out(wanted: str, name: str, progress: Progress) -> NoReturn:
    """Check a commit out, and become its own `make upgrade`, which installs what it needs."""
    if changed := _git("status", "--porcelain", "--untracked-files=no"):
        raise SuiteFailure(
            f"The checkout has changes of its own, which would be in the way:\n{changed}"
        )
    progress.say(f"checking out {name or wanted}")
    _git("checkout", "--quiet", "--detach", wanted)
    # The same words again: a version that is checked out already is not checked out twice.
    words = [word for word in sys.argv[2:] if word]
    targets = {"--to": "TO", "--back": "BACK"}
    overrides = []
    for word in words:
        option, _, value = word.partition("=")
        if option in targets:
            overrides.append(f"{targets[option]}={value or '1'}")
    os.chdir(REPOSITORY)
    python = os.environ.get("RETRATO_PYTHON")
    named = [f"RETRATO_PYTHON={python}"] if python else []
    os.execvp("make", ["make", "--no-print-directory", "upgrade", *named, *overrides])  # noqa: S606


async def _restart_others(suite: Suite, wanted: str, progress: Progress) -> None:
    """Restart our own processes that still run another version, services before gateways."""
    versions = await _versions(suite)
    late: list[Process] = [
        process
        for process in processes_of(suite)
        if process.name in versions and versions[process.name] != wanted
    ]
    for process in late:
        progress.say(f"{process.name} still runs {versions[process.name]}: restarting it")
        await restart_rolling(suite, process.name, progress)


async def _check(suite: Suite, wanted: str) -> None:
    silent = await _silent(suite)
    others = [name for name, text in (await _versions(suite)).items() if text != wanted]
    if silent or others:
        said = [f"{', '.join(silent)} does not answer"] if silent else []
        said += [f"{', '.join(others)} runs another version than {wanted}"] if others else []
        raise SuiteFailure(
            f"The upgrade is not finished: {'; '.join(said)}. `make logs` says why; `make upgrade`"
            " goes on, and `make upgrade BACK=1` goes back."
        )


def _what_remains(begun: Upgrade, *, back: bool) -> list[str]:
    if back:
        return ["`make upgrade TO=…` brings the newer version again"]
    added = _git(
        "diff", "--name-only", "--diff-filter=A", begun.before, begun.after, "--", *_MIGRATIONS
    )
    names = added.split()
    said = [f"its migrations: {', '.join(names)}"] if names else ["it has no migrations"]
    return [
        *said,
        "nothing is left to remove; what this version no longer needs goes with a later one",
        "`make upgrade BACK=1` goes back",
    ]


def _infra(*words: str) -> None:
    """Run another command of ours, with its output; raises SuiteFailure if it fails."""
    done = subprocess.run(
        [sys.executable, "-m", "infra", *words],
        cwd=REPOSITORY,
        check=False,
        timeout=_STEP_TIMEOUT_S,
    )
    if done.returncode:
        raise SuiteFailure(
            f"`make {words[0]}` failed, so the upgrade stops here. The same command goes on."
        )


def _commit(name: str) -> str:
    """Return the commit that a name of git stands for; raises SuiteFailure."""
    if not _NAME_OF_VERSION.fullmatch(name):
        # git would take it for an option, or make for words of its own.
        raise SuiteFailure(f"{name!r} is no name of a version: TO= wants a tag or a commit.")
    try:
        return _git("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
    except SuiteFailure:
        raise SuiteFailure(
            f"git knows no version {name}: `git fetch --tags` brings new ones."
        ) from None


def _git(*words: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(REPOSITORY), *words],
        check=False,
        capture_output=True,
        text=True,
        timeout=_GIT_TIMEOUT_S,
    )
    if done.returncode:
        raise SuiteFailure(f"git {words[0]} failed: {done.stderr.strip() or 'without a word'}")
    return done.stdout.strip()
