"""`python -m tests.infra.mistakes [word …]`: makes the mistakes, and prints a table of them."""

import asyncio
import datetime as dt
import inspect
import json
import os
import platform
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path

from infra.run_folder import REPOSITORY
from tests.infra.mistakes.at_night import AT_NIGHT, AT_NIGHT_ON_RUNNING
from tests.infra.mistakes.changed_drawings import CHANGED_DRAWINGS
from tests.infra.mistakes.clocks import CLOCKS
from tests.infra.mistakes.full_disks import FULL_DISKS
from tests.infra.mistakes.interruptions import FROM_RUNNING, FROM_STOPPED
from tests.infra.mistakes.keys_and_pictures import (
    KEYS_AND_PICTURES,
    a_schema_is_renamed,
    the_store_is_emptied,
    two_primaries_hold_a_shard,
)
from tests.infra.mistakes.losses import LOSSES, an_older_primary_and_no_ledger
from tests.infra.mistakes.other_users import OTHER_USERS, OTHER_USERS_ON_RUNNING
from tests.infra.mistakes.promotions import PROMOTIONS
from tests.infra.mistakes.schemas import SCHEMAS
from tests.infra.mistakes.siblings import SIBLINGS
from tests.infra.mistakes.stage import Record, Stage
from tests.infra.mistakes.upkeep_cut import UPKEEP_CUT

Situation = Callable[[Stage], Awaitable[None]]

# Situations of a suite that is down, and of one that runs; the latter must leave it unchanged.
ON_STOPPED: list[Situation] = [
    *LOSSES,
    *KEYS_AND_PICTURES,
    *CHANGED_DRAWINGS,
    *FROM_STOPPED,
    *OTHER_USERS,
    *FULL_DISKS,
    *AT_NIGHT,
    *PROMOTIONS,
]
ON_RUNNING: list[Situation] = [
    *UPKEEP_CUT,
    *SCHEMAS,
    *CLOCKS,
    *SIBLINGS,
    *OTHER_USERS_ON_RUNNING,
    *AT_NIGHT_ON_RUNNING,
    *FROM_RUNNING,
]
SITUATIONS = [*ON_STOPPED, *ON_RUNNING]
# Refusals that are slow, because they need pictures or start the suite first.
SLOW_REFUSALS = [
    the_store_is_emptied,
    an_older_primary_and_no_ledger,
    two_primaries_hold_a_shard,
    a_schema_is_renamed,
]
# The offset from the network of other tests in the same session.
NETWORK, NETWORK_STEP = "127.21", 90
FOLDER = REPOSITORY / ".run-test"
PAGE = REPOSITORY / "docs" / "measurements" / "operator-mistakes.md"
RECORDS = "-records.json"
MODES = {"afresh", "tidy", "running", "stopped"}
PROMOTIONS_PAGE = PAGE.with_name("promotions.md")


def new_stage(*, has_people: bool = True) -> Stage:
    """Make a stage with its own folder and network, beside those that the environment names."""
    # A shell without job control lets background processes and their children ignore SIGINT.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    folder = Path(os.environ.get("RETRATO_TEST_RUN_DIR") or FOLDER).absolute()
    number = int((os.environ.get("RETRATO_TEST_NET") or NETWORK).split(".")[1])
    kind, step = ("mistakes", NETWORK_STEP) if has_people else ("refusals", NETWORK_STEP + 1)
    return Stage(
        folder.with_name(f"{folder.name}-{kind}"), f"127.{number + step}", has_people=has_people
    )


def quick() -> list[Situation]:
    """Return the situations in which nothing starts and no picture is needed, for `make test`."""
    return [s for s in SITUATIONS if not _cost(s) and s not in SLOW_REFUSALS]


async def make_mistake(stage: Stage, situation: Situation) -> Record:
    """Reset the stage and run a situation; any error becomes a fault in the record."""
    runs = situation in ON_RUNNING
    record = stage.begin((situation.__doc__ or "").strip(), running=runs)
    try:
        await situation(stage)
    except Exception as error:
        record.faults.append(f"{type(error).__name__}: {error}"[:600])
    stage.end(running=runs)
    return record


async def main(words: list[str]) -> int:
    """Run the situations without a good record whose name contains one of the words, or all.

    The words `running` and `stopped` choose by the suite's state at the start. Records are kept
    beside the run folder, so that several runs can share the work. The word `afresh` deletes them,
    and `tidy` deletes the stage. No situation begins after MISTAKES_SECONDS of the environment.
    """
    ends_s = time.monotonic() + float(os.environ.get("MISTAKES_SECONDS", "inf"))
    stage = new_stage()
    kept_file = stage.folder.with_name(stage.folder.name + RECORDS)
    if "afresh" in words:
        kept_file.unlink(missing_ok=True)
    kept = _read(kept_file)
    pool = ON_RUNNING if "running" in words else ON_STOPPED if "stopped" in words else SITUATIONS
    words = [word for word in words if word not in MODES]
    chosen = [s for s in pool if _is_chosen(s.__name__, words, _all_records(stage))]
    # Situations in which nothing starts take seconds and come first.
    chosen.sort(key=_cost)
    try:
        await stage.set_up()
        for situation in chosen:
            if time.monotonic() > ends_s:
                break
            record = await make_mistake(stage, situation)
            kept[situation.__name__] = record
            sys.stderr.write(f"of {len(chosen)}: {record.name}: {record.verdict}\n")
            _write(kept_file, kept)
    finally:
        stage.infra("down")
    kept = _all_records(stage)
    ordered = [kept[s.__name__] for s in SITUATIONS if s.__name__ in kept]
    PAGE.write_text(page(ordered), encoding="utf-8")
    promoted = [record for record in ordered if record.figures]
    if promoted:
        PROMOTIONS_PAGE.write_text(promotions_page(promoted), encoding="utf-8")
    if "tidy" in sys.argv:
        stage.clear()
    return sum(bool(record.faults) for record in kept.values())


def _cost(situation: Situation) -> int:
    names = set(inspect.unwrap(situation).__code__.co_names)
    if situation in ON_RUNNING:
        return 1
    return 2 * bool(names & {"comes_up", "infra", "look"})


def _is_chosen(name: str, words: list[str], kept: dict[str, Record]) -> bool:
    is_meant = not words or any(word in name for word in words)
    return is_meant and (name not in kept or bool(kept[name].faults))


def _write(file: Path, kept: dict[str, Record]) -> None:
    """Replace the file in one step, because another stage may read it at any time."""
    text = json.dumps({name: asdict(record) for name, record in kept.items()})
    whole = file.with_suffix(".new")
    whole.write_text(text, encoding="utf-8")
    whole.replace(file)


def _read(file: Path) -> dict[str, Record]:
    kept = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    return {name: Record(**record) for name, record in kept.items()}


def _all_records(stage: Stage) -> dict[str, Record]:
    """Return the newest record of each situation from all stages, since two may work at once."""
    newest: dict[str, Record] = {}
    for file in stage.folder.parent.glob(f"*-mistakes{RECORDS}"):
        for name, record in _read(file).items():
            if name not in newest or newest[name].begun_s < record.begun_s:
                newest[name] = record
    return newest


def page(records: list[Record]) -> str:
    """Return the table as Markdown."""
    faults = sum(bool(record.faults) for record in records)
    lines = [
        "# Mistakes and losses of operators, each made for real",
        "",
        _machine(),
        "",
        (
            f"{len(SITUATIONS)} situations are coded. {len(records)} of them were made,"
            f" {len(records) - faults} went well. Each row shows the code of the hour in which it"
            " was made. Twelve people have a post and a follow each. Rows are a digest of all rows"
            " that pass no messages; the journey signs each person in, and reads profile, home"
            " timeline, picture and post."
        ),
        "",
        "| # | situation | done | said | rows before → after | journey | verdict |",
        "|---|---|---|---|---|---|---|",
    ]
    for number, record in enumerate(records, 1):
        cells = [
            str(number),
            record.name,
            "; ".join(record.done),
            " ⏵ ".join(record.said),
            f"{record.rows_before} → {record.rows_after}",
            record.journey_after,
            record.verdict,
        ]
        lines.append("| " + " | ".join(_cell(cell) for cell in cells) + " |")
    made = {record.name for record in records}
    names = [(situation.__doc__ or "").strip() for situation in SITUATIONS]
    unmade = [f"* {_cell(name)}" for name in names if name not in made]
    lines += ["", "## Coded and not yet made", "", *unmade] if unmade else []
    return "\n".join(lines) + "\n"


def promotions_page(records: list[Record]) -> str:
    """Return the figures of promotions as Markdown, with a line per primary."""
    titles = list(records[0].figures)
    lines = [
        "# Promotions of replicas that had not seen everything",
        "",
        _machine(),
        "",
        (
            "The replica is stopped, twelve people write more, the primary is killed and loses its"
            " files, and `make promote` gives the replica its place. Rows are those that pass no"
            " messages, compared before any service starts; edges are those of the whole group"
            " after `make reconcile GO=1`."
        ),
        "",
        "| " + " | ".join(titles) + " |",
        "|---" * len(titles) + "|",
        *("| " + " | ".join(record.figures[t] for t in titles) + " |" for record in records),
    ]
    return "\n".join(lines) + "\n"


def _machine() -> str:
    return (
        f"{dt.datetime.now(dt.UTC):%Y-%m-%d}, {os.cpu_count()} processors, {platform.system()}"
        f" {platform.release().split('-')[0]}, shared with other work;"
        " `python -m tests.infra.mistakes`."
    )


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").replace(f"{REPOSITORY}/", "").split())


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1:])))
