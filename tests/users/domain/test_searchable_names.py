"""Searchable names: without case, accents and separators."""

import pytest

from services.users.domain.searchable_names import (
    SEARCHABLE_CHARACTERS_MAX,
    end_of_prefix,
    search_prefix,
    searchable_names,
)


def test_a_person_is_found_by_the_username_and_from_each_word_on() -> None:
    names = searchable_names("alice.m", "Alice-Anna  Moreau 🌫")
    assert names == ["alice anna moreau", "alice.m", "anna moreau", "moreau"]


@pytest.mark.parametrize(
    ("query", "display_name"),
    [
        ("éL", "Elodie"),
        ("el", "ÉLODIE"),
        ("strasse", "Straße"),
        ("@ali", "Ali"),
        ("lee a", "Lee, Anna"),
        ("김", "김철수"),
        ("j.r", "J.R. Smith"),
        ("an", "_anna"),
    ],
)
def test_similar_spellings_are_found(query: str, display_name: str) -> None:
    prefix = search_prefix(query)
    names = searchable_names("zoe", display_name)
    assert [name for name in names if prefix <= name < end_of_prefix(prefix)]


@pytest.mark.parametrize("query", [" ", "@", "👩‍💻", "\0", "%"])
def test_a_query_without_letters_is_empty(query: str) -> None:
    assert search_prefix(query) == ""


def test_names_are_bounded() -> None:
    assert max(map(len, searchable_names("a", "ﷺ" * 50))) <= SEARCHABLE_CHARACTERS_MAX
    assert len(searchable_names("a", "b " * 25)) <= 26
