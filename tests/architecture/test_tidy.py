"""Ceilings and names that keep a tree readable; large projects without them outgrew themselves."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.source_tree import files_of_the_tree, python_files, syntax_of, text_of

FILE_LINES_MAX = 400
TEST_FILE_LINES_MAX = 600
FUNCTION_LINES_MAX = 60
EMPTY_NAMES = {
    "utils",
    "util",
    "helpers",
    "helper",
    "common",
    "misc",
    "manager",
    "base",
    "core",
    "impl",
    "v2",
}
SERVICES = ("gateway", "users", "upload", "feed")
# Spelled in two halves, so that this file does not name what it forbids.
FORBIDDEN_TEXT = re.compile(
    "|".join(
        ["/wo" + "rk/", r"https?://[^ \"']*/sim" + "ple/", "BEGIN (RSA |EC )?PRIV" + "ATE KEY"]
    )
)


def _functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(syntax_of(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def _words(name: str) -> set[str]:
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return set(snake.lower().split("_"))


@pytest.mark.parametrize("path", python_files(), ids=str)
def test_a_file_has_a_ceiling(path: Path) -> None:
    ceiling = TEST_FILE_LINES_MAX if path.parts[0] == "tests" else FILE_LINES_MAX
    assert len(text_of(path).splitlines()) <= ceiling, "split it by noun or by verb"


@pytest.mark.parametrize("path", python_files(), ids=str)
def test_a_function_has_a_ceiling(path: Path) -> None:
    long = [
        f"{node.name} ({node.end_lineno - node.lineno + 1} lines)"
        for node in _functions(path)
        if node.end_lineno is not None and node.end_lineno - node.lineno >= FUNCTION_LINES_MAX
    ]
    assert not long


@pytest.mark.parametrize("path", python_files(), ids=str)
def test_a_module_begins_with_a_sentence(path: Path) -> None:
    docstring = ast.get_docstring(syntax_of(path))
    assert docstring, "say in one sentence what lives here"
    assert docstring.splitlines()[0].rstrip().endswith((".", ":", ";", "?")) or "\n" in docstring


@pytest.mark.parametrize("path", python_files(), ids=str)
def test_no_name_that_says_nothing(path: Path) -> None:
    classes = [n.name for n in ast.walk(syntax_of(path)) if isinstance(n, ast.ClassDef)]
    said = [*path.with_suffix("").parts, *classes]
    assert not [name for name in said if _words(name) & EMPTY_NAMES]


@pytest.mark.parametrize("path", [p for p in python_files() if p.name == "__init__.py"], ids=str)
def test_a_package_file_holds_a_docstring_and_nothing_else(path: Path) -> None:
    body = syntax_of(path).body
    assert len(body) == 1, "an import names the file that holds the code"
    assert isinstance(body[0], ast.Expr)


@pytest.mark.parametrize("path", [p for p in python_files() if p.parts[0] != "tests"], ids=str)
def test_nothing_is_left_open(path: Path) -> None:
    assert not re.search(r"\b(TODO|FIXME|XXX|NotImplementedError)\b", text_of(path))


@pytest.mark.parametrize("path", [p for p in python_files() if p.parts[0] == "tests"], ids=str)
def test_a_test_waits_for_a_condition_and_not_for_a_time(path: Path) -> None:
    if path == Path("tests/eventually.py"):
        return
    sleeps = [
        node.lineno
        for node in ast.walk(syntax_of(path))
        if isinstance(node, ast.Call) and _is_sleep(node.func)
    ]
    assert not sleeps, "use tests.eventually"


def _is_sleep(function: ast.expr) -> bool:
    return (
        isinstance(function, ast.Attribute)
        and function.attr == "sleep"
        and isinstance(function.value, ast.Name)
        and function.value.id in {"time", "asyncio"}
    )


def test_no_file_names_a_machine_a_registry_or_a_secret() -> None:
    suffixes = {".py", ".md", ".toml", ".txt", ".in", ".sql", ".j2", ".sh", ".json", ".yml", ""}
    guilty = [
        str(path)
        for path in files_of_the_tree()
        if path.suffix in suffixes and FORBIDDEN_TEXT.search(text_of(path))
    ]
    assert not guilty


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_has_the_same_skeleton(service: str) -> None:
    tree = {str(path) for path in files_of_the_tree()}
    parts = ["app.py", "settings.py", "resources.py", "README.md"]
    assert not [part for part in parts if f"services/{service}/{part}" not in tree]
    for folder in ("api", "actions", "domain", "clients"):
        assert any(path.startswith(f"services/{service}/{folder}/") for path in tree) or (
            service == "upload" and folder == "clients"
        )


def test_sql_lives_beside_its_store() -> None:
    strays = [
        str(path)
        for path in files_of_the_tree()
        if path.suffix == ".sql"
        and not {"store", "migrations", "sharding", "streams"} & set(path.parts)
    ]
    assert not strays
