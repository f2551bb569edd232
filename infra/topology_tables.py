"""Reads the tables of topology.toml; every fault in it is a sentence with its place."""

import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


class TopologyError(Exception):
    """The topology cannot be read or contradicts itself; the message says where."""


class Table(dict[str, Any]):
    """A table that knows its place in the file, which the error of a missing key names."""

    where = ""

    def __missing__(self, key: str) -> Any:
        raise TopologyError(f"{self.where} lacks {key!r}")


def read_tables(file: Path) -> Table:
    """Return the tables of the file; raises TopologyError with file and line."""
    try:
        text = file.read_text(encoding="utf-8")
        drawn = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise TopologyError(f"{file}: {error}.") from None
    return _table(drawn, (), text)


@contextmanager
def named_errors(file: Path) -> Iterator[None]:
    """Turn errors of values inside the block into a TopologyError that names the file."""
    try:
        yield
    except TopologyError as error:
        raise TopologyError(f"{file}: {error}") from None
    except (TypeError, ValueError, AttributeError, StopIteration) as error:
        raise TopologyError(f"{file}: a value or name in it is not understood: {error}") from error


def _table(drawn: dict[str, Any], path: tuple[str, ...], text: str) -> Table:
    table = Table({key: _value(value, (*path, key), text) for key, value in drawn.items()})
    header = ".".join(path)
    table.where = f"line {_line_of(header, text)}: [{header}]" if header else "it"
    return table


def _value(value: Any, path: tuple[str, ...], text: str) -> Any:
    if isinstance(value, dict):
        return _table(value, path, text)
    if isinstance(value, list):
        return [_value(item, path, text) for item in value]
    return value


def _line_of(header: str, text: str) -> int:
    """Return the line where the table begins, the first of several with one name."""
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip().strip("[]") == header:
            return number
    return 1
