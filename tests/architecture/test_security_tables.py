"""The tables of docs/security are whole, and what holds names tests that exist."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path

import pytest

from services.users.domain.passwords import PASSWORD_CHARACTERS_MAX, PASSWORD_CHARACTERS_MIN
from services.users.domain.sessions import (
    ACCESS_LIFETIME,
    REFRESH_GRACE,
    REFRESH_LIFETIME,
    SESSION_LIFETIME,
    SESSIONS_PER_USER_MAX,
)
from services.users.domain.sign_in_limits import GUESS_LIMITS
from tests.architecture.source_tree import (
    ROOT,
    files_of_the_tree,
    python_files,
    syntax_of,
    text_of,
)

_FOLDER = Path("docs/security")
# Sections of ASVS 5.0.0 → how many lines each has.
_ASVS: dict[str, dict[str, tuple[int, ...]]] = {
    "authentication.md": {"V6": (3, 12, 8, 6, 8, 4, 2, 4)},
    "sessions.md": {"V7": (3, 4, 2, 5, 3, 2)},
    "access.md": {"V8": (4, 4, 3, 2)},
}
_ANSWERS = {"holds", "does not hold", "does not apply"}
_TEST = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")
# Modules that open connections to what the settings name; nobody else may.
_DIALLING = {"httpx", "aiohttp", "aiobotocore", "requests", "urllib.request", "http.client"}
_DIALS = {
    "services/upload/clients/media_caches.py",
    "services/upload/store/objects.py",
    "services/upload/resources.py",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a table."""

    page: str
    number: str
    asked: str
    answer: str
    shown: str


@cache
def _lines() -> tuple[Line, ...]:
    return tuple(line for page in (*_ASVS, "api-top-10.md") for line in _lines_of(page))


def _lines_of(page: str) -> Iterator[Line]:
    for row in re.findall(r"^\| ((?:V\d|API).*) \|$", text_of(_FOLDER / page), re.MULTILINE):
        number, *level, asked, answer, shown = row.split(" | ")
        assert len(level) == (page != "api-top-10.md"), row
        yield Line(page, number, asked, answer, shown)


@pytest.mark.parametrize("page", _ASVS)
def test_no_line_of_a_chapter_is_missing_or_twice(page: str) -> None:
    ((chapter, sections),) = _ASVS[page].items()
    expected = [
        f"{chapter}.{section}.{line}"
        for section, count in enumerate(sections, 1)
        for line in range(1, count + 1)
    ]
    assert [line.number for line in _lines() if line.page == page] == expected


def test_each_of_the_ten_dangers_has_a_line() -> None:
    numbers = [line.number for line in _lines() if line.page == "api-top-10.md"]
    assert list(dict.fromkeys(numbers)) == [f"API{number}" for number in range(1, 11)]


@pytest.mark.parametrize("line", _lines(), ids=lambda line: f"{line.number} {line.asked}")
def test_what_holds_names_a_test_that_exists(line: Line) -> None:
    assert line.answer in _ANSWERS
    named = _TEST.findall(line.shown)
    assert named if line.answer == "holds" else line.shown
    missing = [f"{file}::{test}" for file, test in named if test not in _tests_of(Path(file))]
    assert not missing


@cache
def _tests_of(file: Path) -> frozenset[str]:
    if not (ROOT / file).exists():
        return frozenset()
    return frozenset(
        node.name
        for node in ast.walk(syntax_of(file))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )


def test_the_figures_of_the_rules_are_those_of_the_code() -> None:
    rules = " ".join(text_of(_FOLDER / "rules.md").split())
    limits = GUESS_LIMITS
    hour_ms = 60 * 60 * 1000
    figures = (
        f"At least {PASSWORD_CHARACTERS_MIN} and at most {PASSWORD_CHARACTERS_MAX} characters",
        f"| access token | {ACCESS_LIFETIME // timedelta(minutes=1)} minutes |",
        f"| session without a refresh | {REFRESH_LIFETIME.days} days |",
        f"| session however often refreshed | {SESSION_LIFETIME.days} days |",
        f"| sessions of an account | {SESSIONS_PER_USER_MAX};",
        f"or {REFRESH_GRACE.seconds} seconds later",
        f"`device_token` | {limits.failures_of_account.times_max} for the account",
        f"| a stranger | {limits.failures_of_stranger.times_max} for the account from one address",
        f"| all strangers together | {limits.failures_of_strangers.times_max} for the account |",
        f"| one address | {limits.failures_of_address.times_max} over all accounts",
        f" {limits.tries_of_address.times_max} tries in five minutes |",
    )
    assert not [said for said in figures if said not in rules]
    assert limits.tries_of_address.window_ms == 5 * 60 * 1000
    assert {
        limits.failures_of_account.window_ms,
        limits.failures_of_stranger.window_ms,
        limits.failures_of_strangers.window_ms,
        limits.failures_of_address.window_ms,
    } == {hour_ms}


def test_no_migration_makes_an_account() -> None:
    """A suite begins empty: nobody signs in before somebody has signed up."""
    files = [path for path in files_of_the_tree() if path.suffix == ".sql"]
    migrations = [path for path in files if "users/migrations" in str(path)]
    assert migrations
    made = re.compile(r"INSERT\s+INTO\s+:schema\.(?:account|session)\b", re.IGNORECASE)
    assert not [path for path in migrations if made.search(text_of(path))]


def test_only_known_modules_dial_and_none_follows_a_redirect() -> None:
    """An address in a text of somebody's is never fetched: websites are shown, and no more."""
    services = [path for path in python_files() if path.parts[0] == "services"]
    dialling = {
        str(path)
        for path in services
        for node in ast.walk(syntax_of(path))
        for name in _imported(node)
        if any(name == one or name.startswith(f"{one}.") for one in _DIALLING)
    }
    assert dialling <= _DIALS
    redirects = re.compile(r"(?:follow|allow)_redirects\s*=\s*True")
    ours = [path for path in python_files() if path.parts[0] in {"services", "shared"}]
    assert not [path for path in ours if redirects.search(text_of(path))]


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module:
        return [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return []
