"""Reads `.sql` files of named queries with psql-style `:schema` and `:name` placeholders."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

# psql's own command, for text that several queries share, such as a column list.
_SET = re.compile(r"^\\set (\S+) '([^']*)'$", re.MULTILINE)
_BLOCK_NAME = re.compile(r"^--\s*name:\s*(\S+)\s*$", re.MULTILINE)

# Tokens that may contain a colon come before placeholders: comments, literals, casts.
_TOKENS = re.compile(
    r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|\"[^\"]*\"|\$\$.*?\$\$|::|:(?P<name>[a-z_][a-z0-9_]*)",
    re.DOTALL,
)

_names: dict[str, str] = {}
_FIRST_CHARACTERS = 60


def name_statement(text: str, name: str) -> None:
    """Remember the name of a statement for logs and traces; texts hold no values."""
    _names[text] = name


def statement_name(text: str) -> str:
    """Return the name of a statement; without one, its first characters on one line."""
    return _names.get(text) or " ".join(text[:_FIRST_CHARACTERS].split())


class SqlFileError(ValueError):
    """A `.sql` file does not consist of distinct, named, non-empty blocks."""


@dataclass(frozen=True)
class Query:
    """One statement whose `$1`, `$2`… are the names in `parameters`, in that order.

    `text` still contains `:schema`, which differs per shard.
    """

    name: str
    text: str
    parameters: tuple[str, ...]
    _by_schema: dict[str, str] = field(default_factory=dict, compare=False, repr=False)

    def for_schema(self, schema: str) -> str:
        """Return the statement for a shard, always as the same string, so it is prepared once."""
        text = self._by_schema.get(schema)
        if text is None:
            text = self._by_schema[schema] = self.text.replace(":schema", schema)
            name_statement(text, self.name)
        return text

    def arguments(self, values: Mapping[str, object]) -> list[object]:
        """Order the values as in `parameters`; raises TypeError if the names differ."""
        if len(values) == len(self.parameters):
            try:
                return [values[name] for name in self.parameters]
            except KeyError:
                pass
        wanted, given = set(self.parameters), set(values)
        raise TypeError(
            f"{self.name}: missing {sorted(wanted - given)}, unknown {sorted(given - wanted)}"
        )


def load_queries(path: Path) -> Mapping[str, Query]:
    r"""Map the names of a file's blocks to queries; a block begins with `-- name: insert_user`.

    A line `\set columns 'id, name'` defines text that replaces `:columns` in all blocks. Raises
    SqlFileError.
    """
    text = path.read_text(encoding="utf-8")
    for name, value in _SET.findall(text):
        text = re.sub(rf":{name}\b", value, text)
    pieces = _BLOCK_NAME.split(text)
    queries: dict[str, Query] = {}
    for name, block in zip(pieces[1::2], pieces[2::2], strict=True):
        if name in queries:
            raise SqlFileError(f"{path.name} has two blocks named {name}")
        queries[name] = parse_query(name, block)
    if not queries:
        raise SqlFileError(f"{path.name} has no block that begins with '-- name: …'")
    return queries


def parse_query(name: str, block: str) -> Query:
    """Parse a block: number placeholders by first use, drop comments and the final `;`."""
    numbers: dict[str, int] = {}

    def replace(token: re.Match[str]) -> str:
        placeholder = token["name"]
        if placeholder is None:
            return "" if token[0].startswith(("--", "/*")) else token[0]
        if placeholder == "schema":
            return token[0]
        return f"${numbers.setdefault(placeholder, len(numbers) + 1)}"

    text = _TOKENS.sub(replace, block).strip().removesuffix(";").rstrip()
    if not text:
        raise SqlFileError(f"the block {name} is empty")
    return Query(name, text, tuple(numbers))
