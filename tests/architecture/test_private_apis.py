"""Every use of a library's private parts is listed in docs/private-apis.md."""

import re
from pathlib import Path

import pytest

from tests.architecture.source_tree import CODE_FOLDERS, ROOT, python_files, text_of

LIST = text_of(Path("docs/private-apis.md"))
SHIPPED = ("shared", "services", "infra")
# Calls of a parent's private methods, accesses to private members, imports of private names.
REACHES = re.compile(
    rf"super\(\)\._[a-z]|noqa: SLF001|^from (?!{'|'.join(CODE_FOLDERS)})\S+ import _[a-z]",
    re.MULTILINE,
)


@pytest.mark.parametrize(
    "source",
    [path for path in python_files() if path.parts[0] in SHIPPED and REACHES.search(text_of(path))],
    ids=str,
)
def test_who_reaches_into_a_library_is_listed(source: Path) -> None:
    assert f"`{source}`" in LIST


def test_what_is_listed_is_there() -> None:
    named = re.findall(rf"`((?:{'|'.join(CODE_FOLDERS)})/[^`\s]+)`", LIST)
    assert named
    for name in named:
        assert (ROOT / name).exists(), name
