"""Hashtags and mentions, in any script."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.feed.domain.hashtags import (
    HASHTAG_CHARACTERS_MAX,
    HASHTAGS_MAX,
    MENTIONS_MAX,
    hashtags_of,
    mentions_of,
)


@pytest.mark.parametrize(
    ("caption", "tags"),
    [
        ("Fog over the harbour #morning", ["morning"]),
        ("#Morning and #MORNING", ["morning"]),
        ("#one#two", ["one"]),
        ("#one,#two.", ["one", "two"]),
        ("(#nested)", ["nested"]),
        ("#über #Straße", ["über", "strasse"]),
        ("#東京 #Москва #ภาษาไทย #हिन्दी", ["東京", "москва", "ภาษาไทย", "हिन्दी"]),
        ("＃全角 works", ["全角"]),
        ("#ｗｉｄｅ", ["wide"]),
        ("#می\u200cخواهم", ["می\u200cخواهم"]),
        ("#2026 is a number, #summer2026 is not", ["summer2026"]),
        ("#_ #__a", ["__a"]),
        ("a#b &#39; /#part ##double", []),
        ("# alone and at the end #", []),
        ("", []),
    ],
)
def test_hashtags_are_found_by_rule(caption: str, tags: list[str]) -> None:
    assert hashtags_of(caption) == tags


def test_a_caption_links_no_more_hashtags_than_the_limit() -> None:
    caption = " ".join(f"#tag{number}" for number in range(HASHTAGS_MAX + 5))
    assert hashtags_of(caption) == [f"tag{number}" for number in range(HASHTAGS_MAX)]


def test_a_run_that_is_too_long_is_no_hashtag() -> None:
    longest = "a" * HASHTAG_CHARACTERS_MAX
    assert hashtags_of(f"#{longest} #{longest}a") == [longest]


@pytest.mark.parametrize(
    ("caption", "names"),
    [
        ("with @bob and @carol", ["bob", "carol"]),
        ("@Bob @bob", ["bob"]),
        ("thanks @bob.", ["bob"]),
        ("@bob.stone_2 was there", ["bob.stone_2"]),
        ("(@bob)", ["bob"]),
        ("alice@example.org", []),
        ("@", []),
        ("@@bob", []),
        ("https://example.org/@bob", []),
        ("@" + "b" * 31, []),
    ],
)
def test_mentions_are_found_by_rule(caption: str, names: list[str]) -> None:
    assert mentions_of(caption) == names


def test_a_caption_mentions_no_more_people_than_the_limit() -> None:
    caption = " ".join(f"@user{number}" for number in range(MENTIONS_MAX + 5))
    assert len(mentions_of(caption)) == MENTIONS_MAX


@given(st.text(alphabet="#@aB. _東１\u200d\u0301/&", max_size=200))
def test_what_is_found_is_found_again_in_a_caption_made_of_it(caption: str) -> None:
    tags = hashtags_of(caption)
    assert hashtags_of(" ".join(f"#{tag}" for tag in tags)) == tags
    names = mentions_of(caption)
    assert mentions_of(" ".join(f"@{name}" for name in names)) == names
