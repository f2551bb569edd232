"""What commits without waiting for disk and standby stands in decision 0070, with its remedy."""

import re
from pathlib import Path

from tests.architecture.source_tree import python_files, text_of

DECISION = text_of(Path("docs/decisions/0070-what-commits-lazily-is-redone.md"))
_ROW = re.compile(r"^\| `([^`]+): (\w+)` \| (.+) \|$", re.MULTILINE)
_BLOCK = re.compile(r"^-- name: (\w+)$(.*?)(?=^-- name: |\Z)", re.MULTILINE | re.DOTALL)
_FUNCTION = re.compile(
    r"^ *(?:async )?def (\w+)\((.*?)(?=^ *(?:async )?def |\Z)", re.MULTILINE | re.DOTALL
)
_LAZY = "synchronous_commit"


def test_each_lazy_commit_has_its_remedy() -> None:
    decided = {(file, name) for file, name, _remedy in _ROW.findall(DECISION)}
    blocks = {
        (str(file), name)
        for folder in ("shared", "services")
        for file in Path(folder).rglob("*.sql")
        for name, body in _BLOCK.findall(text_of(file))
        if _LAZY in body
    }
    code = {
        (str(file), name)
        for file in python_files()
        if file.parts[0] in {"shared", "services"}
        for name, body in _FUNCTION.findall(text_of(file))
        if _LAZY in body
    }
    assert blocks | code == decided
