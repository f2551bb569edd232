"""Reads `.sql` files of named queries with psql-style `:schema` and `:name` placeholders."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

# As psql knows it: what several queries have in common, such as the columns of a table.
_SET = re.compile(r"^\\set (\S+) '([^']*)'$", re.MULTILINE)
_BLOCK_NAME = re.compile(r"^--\s*name:\s*(\S+)\s*$", re.MULTILINE)

# What can hold a colon that is no placeholder comes first: comments, literals, casts.
_TOKENS = re.compile(
    r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|\"[^\"]*\"|\$\$.*?\$\$|::|:(?P<name>[a-z_][a-z0-9_]*)",
    re.DOTALL,
)


class SqlFileError(ValueError):
    """A `.sql` file that does not consist of distinct, named blocks."""


@dataclass(frozen=True)
class Query:
    """One statement: its parameters are `$1`… in the order of `parameters`.

    `text` still holds `:schema`, which differs from shard to shard.
    """

    name: str
    text: str
    parameters: tuple[str, ...]
    _by_schema: dict[str, str] = field(default_factory=dict, compare=False, repr=False)

    def for_schema(self, schema: str) -> str:
        """The statement for one shard; the same string each time, so that it is prepared once."""
        text = self._by_schema.get(schema)
        if text is None:
            text = self._by_schema[schema] = self.text.replace(":schema", schema)
        return text

    def arguments(self, values: Mapping[str, object]) -> list[object]:
        """The values in the order of the placeholders; raises TypeError unless they match."""
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
    r"""The blocks of a file by name; each begins with a line `-- name: insert_user`.

    A line `\set columns 'id, name'` above them stands for these words wherever `:columns` does.
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
    """One block: placeholders numbered by first appearance, comments and the last `;` dropped."""
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
