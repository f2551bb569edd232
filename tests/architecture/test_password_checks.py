"""Only the guard verifies passwords, so that no route can do so without counting failures."""

import ast
from pathlib import Path

from tests.architecture.source_tree import python_files, syntax_of

GUARD = Path("services/users/store/password_guard.py")
HASHER = Path("services/users/store/password_hashes.py")
OPENS = Path("services/users/resources.py")
LIBRARIES = {"argon2", "bcrypt", "passlib", "scrypt"}


def _services() -> list[Path]:
    return [path for path in python_files() if path.parts[0] in {"services", "shared"}]


def _names(path: Path) -> set[str]:
    """Every name that a module says: of values, attributes, imports, and in strings."""
    found = set()
    for node in ast.walk(syntax_of(path)):
        if isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.Attribute):
            found.add(node.attr)
        elif isinstance(node, ast.alias):
            found |= {node.name, node.name.split(".")[0]}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= set(node.module.split("."))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(node.value)
    return found


def test_only_the_guard_calls_the_hasher() -> None:
    # Another service cannot have it, as the next two tests show.
    users = [path for path in _services() if path.parts[:2] == ("services", "users")]
    callers = {path for path in users if "verify" in _names(path)}
    assert callers == {GUARD, HASHER}


def test_only_the_guard_is_given_the_hasher() -> None:
    holders = {path for path in _services() if "PasswordHashes" in _names(path)}
    assert holders == {GUARD, OPENS}


def test_only_the_hasher_imports_a_library_for_passwords() -> None:
    users = {path for path in _services() if LIBRARIES & _names(path)}
    assert users == {HASHER}
