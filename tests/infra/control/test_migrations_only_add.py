"""A migration after 1.0 only adds, so that the older version runs on the newer schema."""

import re

import pytest

from infra.run_folder import REPOSITORY

# The newest migration of 1.0.0 in each folder.
_LAST_OF_1_0 = {
    "services/users/migrations": 8,
    "services/upload/migrations": 11,
    "services/feed/migrations": 10,
    "shared/sharding/migrations": 1,
}
_TAKES_AWAY = re.compile(
    r"\bDROP\s+(?:TABLE|COLUMN|SCHEMA|TYPE|FUNCTION|SEQUENCE)\b|\bRENAME\b|\bSET\s+NOT\s+NULL\b"
    r"|\bTRUNCATE\b|\bALTER\s+COLUMN\s+\S+\s+(?:SET\s+DATA\s+)?TYPE\b",
    re.IGNORECASE,
)
_NEEDED_COLUMN = re.compile(
    r"\bADD\s+COLUMN\b(?![^,;]*\bDEFAULT\b)[^,;]*\bNOT\s+NULL\b", re.IGNORECASE
)


def _takes_away(text: str) -> str | None:
    """Return the words with which a migration would break the code before it."""
    bare = re.sub(r"--[^\n]*|/\*.*?\*/", "", text, flags=re.DOTALL)
    found = _TAKES_AWAY.search(bare) or _NEEDED_COLUMN.search(bare)
    return found[0] if found else None


def test_migrations_since_1_0_only_add() -> None:
    wrong = {
        f"{folder}/{file.name}": words
        for folder, last in _LAST_OF_1_0.items()
        for file in (REPOSITORY / folder).glob("*.sql")
        if int(file.name[:4]) > last and (words := _takes_away(file.read_text(encoding="utf-8")))
    }
    assert wrong == {}


def test_every_folder_of_migrations_is_looked_into() -> None:
    folders = {*REPOSITORY.glob("services/*/migrations"), *REPOSITORY.glob("shared/*/migrations")}
    assert {str(folder.relative_to(REPOSITORY)) for folder in folders} == set(_LAST_OF_1_0)


@pytest.mark.parametrize(
    "text",
    [
        "ALTER TABLE :schema.post DROP COLUMN caption;",
        "ALTER TABLE :schema.post RENAME COLUMN caption TO text;",
        "ALTER TABLE :schema.post ALTER COLUMN mood SET NOT NULL;",
        "ALTER TABLE :schema.post ADD COLUMN mood text NOT NULL;",
        "ALTER TABLE :schema.post ALTER COLUMN id TYPE text;",
        "DROP TABLE :schema.post;",
    ],
)
def test_what_the_older_code_needs_may_not_go(text: str) -> None:
    assert _takes_away(text)


@pytest.mark.parametrize(
    "text",
    [
        "ALTER TABLE :schema.post ADD COLUMN mood text;",
        "ALTER TABLE :schema.post ADD COLUMN mood text NOT NULL DEFAULT '';",
        "-- DROP TABLE is for 2.0\nCREATE INDEX ON :schema.post (mood);",
    ],
)
def test_what_only_adds_may_come(text: str) -> None:
    assert _takes_away(text) is None
