"""`python -m tests.infra.mistakes [word …]`: makes the mistakes, prints them as a table."""

import asyncio
import datetime as dt
import inspect
import json
import os
import platform
import sys
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path

from infra.run_folder import REPOSITORY
from tests.infra.mistakes.changed_drawings import CHANGED_DRAWINGS
from tests.infra.mistakes.interruptions import INTERRUPTIONS
from tests.infra.mistakes.keys_and_pictures import KEYS_AND_PICTURES
from tests.infra.mistakes.losses import LOSSES
from tests.infra.mistakes.stage import Record, Stage

SITUATIONS: list[Callable[[Stage], Awaitable[None]]] = [
    *LOSSES,
    *KEYS_AND_PICTURES,
    *CHANGED_DRAWINGS,
    *INTERRUPTIONS,
]
NETWORK = "127.46"
FOLDER = REPOSITORY / ".run-mistakes"
PAGE = REPOSITORY / "docs" / "measurements" / "operator-mistakes.md"


def new_stage() -> Stage:
    """A stage in a folder and on a network of its own, which the environment may name."""
    folder = Path(os.environ.get("RETRATO_TEST_RUN_DIR") or FOLDER)
    return Stage(folder, os.environ.get("RETRATO_TEST_NET") or NETWORK)


async def make_mistake(stage: Stage, situation: Callable[[Stage], Awaitable[None]]) -> Record:
    """Put the stage back, and do it; whatever goes wrong is a fault of the record."""
    record = stage.begin((situation.__doc__ or "").strip())
    try:
        await situation(stage)
    except Exception as error:
        record.faults.append(f"{type(error).__name__}: {error}"[:600])
    return record


async def main(words: list[str]) -> int:
    """Those whose name holds one of the words, or all that have no record yet; then the page.

    Records are kept beside the run folder, so that an hour of them may be made in pieces; with the
    word `afresh` they are forgotten, with `tidy` nothing is left of the stage.
    """
    stage = new_stage()
    kept_file = stage.folder.with_name(stage.folder.name + "-records.json")
    kept = {} if "afresh" in words or not kept_file.exists() else _read(kept_file)
    words = [word for word in words if word not in {"afresh", "tidy"}]
    chosen = [s for s in SITUATIONS if _is_chosen(s.__name__, words, kept)]
    # Those in which nothing starts take seconds, and come first.
    chosen.sort(key=_starts_something)
    try:
        await stage.set_up()
        for number, situation in enumerate(chosen, 1):
            record = await make_mistake(stage, situation)
            kept[situation.__name__] = record
            sys.stderr.write(f"{number}/{len(chosen)} {record.name}: {record.verdict}\n")
            kept_file.write_text(json.dumps({n: asdict(r) for n, r in kept.items()}), "utf-8")
    finally:
        stage.infra("down")
    ordered = [kept[s.__name__] for s in SITUATIONS if s.__name__ in kept]
    PAGE.write_text(page(ordered), encoding="utf-8")
    if "tidy" in sys.argv:
        stage.clear()
    return sum(bool(record.faults) for record in kept.values())


def _starts_something(situation: Callable[[Stage], Awaitable[None]]) -> bool:
    names = set(inspect.unwrap(situation).__code__.co_names)
    return bool(names & {"comes_up", "infra", "look"})


def _is_chosen(name: str, words: list[str], kept: dict[str, Record]) -> bool:
    if words:
        return any(word in name for word in words)
    return name not in kept or bool(kept[name].faults)


def _read(file: Path) -> dict[str, Record]:
    kept = json.loads(file.read_text(encoding="utf-8"))
    return {name: Record(**record) for name, record in kept.items()}


def page(records: list[Record]) -> str:
    """The table as Markdown."""
    faults = sum(bool(record.faults) for record in records)
    lines = [
        "# Mistakes and losses of operators, each made for real",
        "",
        (
            f"{dt.datetime.now(dt.UTC):%Y-%m-%d}, {os.cpu_count()} processors, {platform.system()}"
            f" {platform.release().split('-')[0]}, shared with other work;"
            " `python -m tests.infra.mistakes`."
        ),
        "",
        (
            f"{len(records)} situations, {len(records) - faults} went well. Twelve people have a"
            " post and a follow each. Rows are a digest of all rows that pass no messages; the"
            " journey signs each person in, and reads profile, home timeline, picture and post."
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
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").replace(f"{REPOSITORY}/", "").split())


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1:])))
