"""All metrics of the source code, found by the calls that make them."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.architecture.source_tree import python_files, syntax_of

_KINDS = ("Counter", "Gauge", "Histogram", "Summary", "Info", "Enum")
_PLACES = ("services", "shared", "infra")


@dataclass(frozen=True, slots=True)
class Family:
    """A metric as the code declares it."""

    kind: str
    name: str
    labels: tuple[str, ...]
    file: Path


@cache
def families() -> list[Family]:
    """Return the metrics of all processes of ours, by name."""
    files = [file for file in python_files() if file.parts[0] in _PLACES]
    return sorted((each for file in files for each in _in(file)), key=lambda each: each.name)


def _in(file: Path) -> Iterator[Family]:
    for node in ast.walk(syntax_of(file)):
        match node:
            case ast.Call(func=ast.Name(id=kind), args=[ast.Constant(value=str(name)), *_rest]):
                if kind in _KINDS:
                    yield Family(kind, name, _labels(node), file)


def _labels(call: ast.Call) -> tuple[str, ...]:
    # prometheus_client's third argument.
    given = call.args[2] if len(call.args) > 2 else ast.List(elts=[])
    return tuple(ast.literal_eval(given)) if isinstance(given, ast.List) else ("?",)
