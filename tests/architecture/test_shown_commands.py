"""Each command that the documents show is run by a test, or a list says why not."""

import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.architecture.documents import Document, documents
from tests.architecture.shown_commands import LEFT_OUT, RUN_BY
from tests.architecture.source_tree import ROOT, text_of

PLACES = (
    "README.md",
    "README.es.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "docs/how-to/",
    "docs/operations/",
    "docs/api/",
)
_MAKE = re.compile(
    r"^(?:RETRATO_\w+=\S+ )*make\b((?: (?:[A-Z_]+=(?:\"[^\"]*\"|\S*<[^>]*>|\S+)|[a-z][a-z-]*))*)"
)
_COMMAND_SPAN = re.compile(r"^(?:make(?: |$)|python -m |git |curl |pre-commit )")


@cache
def shown() -> frozenset[str]:
    """Every command in the places that people copy from, in its short form."""
    return frozenset(
        short
        for path in documents()
        if str(path).startswith(PLACES)
        for command in _commands_of(Document(path))
        for short in [short_form(command)]
    )


def _commands_of(document: Document) -> Iterator[str]:
    yield from document.shell_lines()
    yield from (span for span in document.code_spans() if _COMMAND_SPAN.match(span))


def short_form(command: str) -> str:
    """Of make the target and the names of its words; of all else the first line as it stands."""
    found = _MAKE.match(command)
    if not found:
        return command
    words = re.findall(
        r"([A-Z_]+=)|([a-z][a-z-]*)", re.sub(r"=(\"[^\"]*\"|\S*<[^>]*>|\S+)", "=", found[1])
    )
    targets = [target for _name, target in words if target]
    return " ".join(["make", *targets, *sorted(name for name, _target in words if name)])


def _stands_for(row: str, command: str) -> bool:
    # A make command is meant exactly; of others, words may follow.
    return command == row if row.split(maxsplit=1)[0] == "make" else command.startswith(row)


def test_each_shown_command_is_run_by_a_test_or_left_out_for_a_reason() -> None:
    rows = [*RUN_BY, *LEFT_OUT]
    forgotten = [
        command for command in sorted(shown()) if not any(_stands_for(row, command) for row in rows)
    ]
    assert not forgotten, "add them to tests/architecture/shown_commands.py"


def test_the_list_names_no_command_that_is_not_shown() -> None:
    rows = [*RUN_BY, *LEFT_OUT]
    stale = [row for row in rows if not any(_stands_for(row, command) for command in shown())]
    assert not stale
    assert not RUN_BY.keys() & LEFT_OUT.keys()


@pytest.mark.parametrize("command", RUN_BY)
def test_the_named_file_runs_the_command(command: str) -> None:
    file, text = RUN_BY[command]
    assert text in text_of(Path(file)), f"{file} does not run it"


@pytest.mark.parametrize("command", sorted(c for c in RUN_BY if c.startswith("make ")))
def test_make_knows_the_target_and_its_words(command: str) -> None:
    said = [f"{word}1" if word.endswith("=") else word for word in command.split()[1:]]
    done = subprocess.run(
        ["make", "--dry-run", "RETRATO_PYTHON=python", *said],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert f"-m infra {said[0]}" in done.stdout
