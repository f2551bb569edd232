"""Limits on sizes and names that keep the source tree readable."""

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


def test_a_file_has_a_ceiling() -> None:
    long = [
        f"{path}: {lines} lines"
        for path in python_files()
        if (lines := len(text_of(path).splitlines())) > _ceiling_of(path)
    ]
    assert not long, "split the file by noun or by verb"


def _ceiling_of(path: Path) -> int:
    return TEST_FILE_LINES_MAX if path.parts[0] == "tests" else FILE_LINES_MAX


def test_a_function_has_a_ceiling() -> None:
    long = [
        f"{path}:{node.lineno} {node.name}"
        for path in python_files()
        for node in _functions(path)
        if node.end_lineno is not None and node.end_lineno - node.lineno >= FUNCTION_LINES_MAX
    ]
    assert not long


def test_a_module_begins_with_a_sentence() -> None:
    silent = [path for path in python_files() if not _begins_with_a_sentence(syntax_of(path))]
    assert not silent, "begin the module with a sentence about its content"


def _begins_with_a_sentence(module: ast.Module) -> bool:
    docstring = ast.get_docstring(module) or ""
    return "\n" in docstring or docstring.rstrip().endswith((".", ":", ";", "?"))


def test_no_name_that_says_nothing() -> None:
    empty = [
        f"{path}: {name}"
        for path in python_files()
        for name in [*path.with_suffix("").parts, *_class_names(path)]
        if _words(name) & EMPTY_NAMES
    ]
    assert not empty


def _class_names(path: Path) -> list[str]:
    return [n.name for n in ast.walk(syntax_of(path)) if isinstance(n, ast.ClassDef)]


def test_a_package_file_holds_a_docstring_and_nothing_else() -> None:
    crowded = [
        path
        for path in python_files()
        if path.name == "__init__.py"
        and [type(statement) for statement in syntax_of(path).body] != [ast.Expr]
    ]
    assert not crowded, "an import names the file that holds the code"


def test_nothing_is_left_open() -> None:
    left = [
        path
        for path in python_files()
        if path.parts[0] != "tests"
        and re.search(r"\b(TODO|FIXME|XXX|NotImplementedError)\b", text_of(path))
    ]
    assert not left


def test_a_test_waits_for_a_condition_and_not_for_a_time() -> None:
    sleeps = [
        f"{path}:{node.lineno}"
        for path in python_files()
        if path.parts[0] == "tests" and path != Path("tests/eventually.py")
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
        and not {"store", "migrations", "sharding", "edges", "jobs"} & set(path.parts)
    ]
    assert not strays
