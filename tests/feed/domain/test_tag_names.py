"""One name for all spellings of a tag, checked for every assigned code point of Unicode."""

import sys
import unicodedata
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.feed.domain.entities import read_text
from services.feed.domain.tag_names import TAG_CHARACTERS_MAX, tag_name
from services.feed.domain.tags import tags_begin, tags_named
from shared.visible_text import ZWJ, ZWNJ, is_ignorable

# Around each code point: alone, at both ends, and inside words of two scripts.
_PLACES = ("{}", "a{}", "{}a", "a{}b", "\u0628{}\u0628")


def _assigned() -> Iterator[str]:
    for code in range(sys.maxunicode + 1):
        character = chr(code)
        if unicodedata.category(character) not in {"Cn", "Cs", "Co"}:
            yield character


def _faults(spelling: str) -> Iterator[str]:
    """What is wrong with the tags of a caption; all conditions must hold for each."""
    names = read_text(f"#{spelling}").hashtags
    for form in (unicodedata.normalize("NFC", spelling), unicodedata.normalize("NFD", spelling)):
        if form != spelling and read_text(f"#{form}").hashtags != names:
            yield "is another tag in a canonically equal spelling"
    for name in names:
        if tag_name(name) != name or read_text(f"#{name}").hashtags != [name]:
            yield "is another tag the second time"
        if name not in tags_named(name) or name not in tags_named(f"#{name}"):
            yield "does not open its page"
        if name not in tags_begin(name):
            yield "is not found by search"
        if not 1 <= len(name) <= TAG_CHARACTERS_MAX or _has_something_invisible(name):
            yield "is too long or not seen"


def _has_something_invisible(name: str) -> bool:
    return any(is_ignorable(character) and character not in (ZWJ, ZWNJ) for character in name)


@pytest.mark.parametrize("place", _PLACES)
def test_each_tag_of_every_assigned_code_point_is_its_own_name_and_opens_its_page(
    place: str,
) -> None:
    characters = list(_assigned())
    assert len(characters) > 140_000
    wrong = [
        f"U+{ord(character):04X}: {fault}"
        for character in characters
        for fault in _faults(place.format(character))
    ]
    assert not wrong, wrong[:20]


@given(st.text(max_size=30))
def test_any_text_has_at_most_one_stable_name(text: str) -> None:
    name = tag_name(text)
    assert name is None or tag_name(name) == name
    assert not list(_faults(text))


@pytest.mark.parametrize(
    ("spelling", "name"),
    [
        ("Stra\u00dfe", "strasse"),
        ("STRA\u1e9eE", "strasse"),
        ("\u039f\u0394\u039f\u03a3", "\u03bf\u03b4\u03bf\u03c3"),
        ("\u03bf\u03b4\u03cc\u03c2", "\u03bf\u03b4\u03cc\u03c3"),
        ("\u0130stanbul", "istanbul"),
        ("\u0131l\u0131k", "\u0131l\u0131k"),
        ("cafe\u0301", "caf\u00e9"),
        ("\u1112\u1161\u11ab", "\ud55c"),
        ("\uff48\uff49", "hi"),
        ("su\u00adn", "sun"),
        ("su\u200bn", "sun"),
        ("su\u200dn", "sun"),
        ("sun\ufe0f", "sun"),
        ("\u3164sun", "sun"),
        ("\u0645\u06cc\u200c\u062e\u0648", "\u0645\u06cc\u200c\u062e\u0648"),
        ("\u062f\u200c\u0644", "\u062f\u0644"),
        ("\u0dc1\u0dca\u200d\u0dbb\u0dd3", "\u0dc1\u0dca\u200d\u0dbb\u0dd3"),
        ("\u09b0\u200d\u09cd\u09af", "\u09b0\u200d\u09cd\u09af"),
        ("col\u00b7legi", "col\u00b7legi"),
        ("col\u0387legi", "col\u00b7legi"),
        ("\u30b9\uff65\u30a6", "\u30b9\u30fb\u30a6"),
        ("\u05de\u05f4\u05db", "\u05de\u05f4\u05db"),
        ("\u30e1\uff5e\u30c6", "\u30e1\u301c\u30c6"),
    ],
)  # fmt: skip
def test_spellings_of_a_tag_have_one_name(spelling: str, name: str) -> None:
    assert tag_name(spelling) == name


@pytest.mark.parametrize(
    "text",
    ["", "2026", "_", "\u3164", "\u200d", "\u0301a", "a b", "a#b", "a!", "\u00b7a",
     "a\u00b7\u00b7b", "a" * 101, "\ufdfa", "\ufdfa" * 30, "\u20e3a", "\u00bd"],
)  # fmt: skip
def test_an_invalid_tag_has_no_name(text: str) -> None:
    assert tag_name(text) is None


def test_length_counts_after_folding() -> None:
    assert tag_name("\u1112\u1161\u11ab" * 100) == "\ud55c" * 100
    assert tag_name("a\u200b" * 100) == "a" * 100
    # Each ligature folds to three letters.
    assert tag_name("\ufb03" * 34) is None


@pytest.mark.parametrize(
    ("typed", "prefix"),
    [
        ("20", "20"),
        ("col\u00b7", "col\u00b7"),
        (" #Sun ", "sun"),
        ("\uff03\u5168", "\u5168"),
        ("_", "_"),
    ],
)
def test_a_prefix_is_searched_before_it_is_a_complete_tag(typed: str, prefix: str) -> None:
    assert prefix in tags_begin(typed)


@pytest.mark.parametrize("typed", ["", "#", " ", "a b", "!", "\u200b"])
def test_an_impossible_prefix_finds_no_tag(typed: str) -> None:
    assert not tags_begin(typed)
