"""Where hashtags, mentions and addresses begin and end in a text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.feed.domain.entities import (
    HASHTAGS_MAX,
    MENTIONS_MAX,
    TEXT_RULES,
    UNREAD,
    read_text,
)


@pytest.mark.parametrize(
    ("caption", "tags"),
    [
        ("Fog over the harbour #morning", ["morning"]),
        ("#Morning and #MORNING", ["morning"]),
        ("#one#two", ["one"]),
        ("#one,#two.", ["one", "two"]),
        ("(#nested)", ["nested"]),
        ("(#a )#b [#c ]#d \u2019#e\u2019#f", ["a", "b", "c", "d", "e", "f"]),
        (":#a ;#b ,#c .#d !#e ?#f", ["a", "b", "c", "d", "e", "f"]),
        ("#東京 #Москва #ภาษาไทย #हिन्दी", ["東京", "москва", "ภาษาไทย", "हिन्दी"]),
        ("＃全角 ﹟小", ["全角", "小"]),
        ("旅行#東京 は", []),
        ("旅行。#東京", ["東京"]),
        ("#東京に行った", ["東京に行った"]),
        ("#2026 is a number, #summer2026 is not", ["summer2026"]),
        ("#_ #__a #1_2", ["__a"]),
        ("a#b &#39; /#part ##double", []),
        ("# alone and at the end #", []),
        ("#sun\u2600\ufe0f \u2600\ufe0f#moon", ["sun", "moon"]),
        ("#sun\ufe0f #sun #\ufe0f\u20e3hello", ["sun"]),
        ("#win1\ufe0f\u20e3 1\ufe0f\u20e3#two", ["win", "two"]),
        ("a\u200b#b a\u200f#c \u200f#d", ["d"]),
        ("#\u0301accent", []),
        ("#foo\u2122 #mc\u00b2", ["foo", "mc2"]),
        ("#وکو #مح\ufdfa", ["وکو", "مح"]),
        ("#bob's #bob\u2019s", ["bob"]),
        ("", []),
    ],
)
def test_hashtags_are_found_by_rule(caption: str, tags: list[str]) -> None:
    assert read_text(caption).hashtags == tags


@pytest.mark.parametrize(
    ("caption", "names"),
    [
        ("with @bob and @carol", ["bob", "carol"]),
        ("@Bob @bob", ["bob"]),
        ("thanks @bob. and .@carol", ["bob", "carol"]),
        ("@bob.stone_2 was there", ["bob.stone_2"]),
        ("(@bob) \u201c@carol\u201d", ["bob", "carol"]),
        ("@bob's @carol\u2019s", ["bob", "carol"]),
        ("\uff20bob \ufe6bcarol", ["bob", "carol"]),
        ("の@bob と 東京@carol", ["bob", "carol"]),
        ("@bobé @bob\u0301 @bobに @bob٣ @bob\u20e3", []),
        ("@bo\u0131 @\u212ab", []),
        ("@bob.東京 @carol\ufe0f @da\u200bve", ["bob", "carol", "dave"]),
        ("alice@example.org é@bob 1@bob _@bob", []),
        ("@", []),
        ("@@bob f!@bob f#@bob f$@bob f%@bob f&@bob f*@bob /@bob", []),
        ("@bob@mastodon.example @bob.x@a.example @bob-x@a.example @bob@", []),
        ("@東京@bob", []),
        ("@" + "b" * 31, []),
        ("@_@ (cc: @bob)", ["bob"]),
        ("@bob...@carol @bob-@dave", ["bob", "carol", "dave"]),
    ],
)
def test_mentions_are_found_by_rule(caption: str, names: list[str]) -> None:
    assert read_text(caption).mentions == names


@pytest.mark.parametrize(
    "address",
    [
        "https://en.example.org/wiki/Mercury_(planet)#Orbit",
        "https://example.org/Foo,_Inc.#Part",
        "https://example.org/a!#top",
        "https://example.org/?by=@bob&tag=#x",
        "https://example.org/@bob",
        "https://bob:secret@example.org/#x",
        "HTTP://EXAMPLE.ORG/#x",
        "http://localhost:8080/#x",
        "myapp://open#x",
        "mailto:bob@example.org?subject=#x",
        "example.org/?by=@bob",
        "www.example.org/a?b#c",
        "https://example.org/\u00fcber#x",
        "https://\u4f8b.example/\u8def#x",
    ],
)
def test_nothing_inside_a_web_address_is_a_link(address: str) -> None:
    glued = [f"#{address} @{address}"] if "://" in address else []
    for text in (address, f"see {address} now", f"({address})", *glued):
        read = read_text(text)
        assert (read.hashtags, read.mentions) == ([], []), text


def test_a_tag_or_mention_after_a_web_address_is_a_link() -> None:
    caption = "(https://example.org/a)#one https://example.org/b\u3002#two https://example.org @bob"
    assert (read_text(caption).hashtags, read_text(caption).mentions) == (["one", "two"], ["bob"])


def test_a_caption_links_no_more_names_than_the_limit() -> None:
    tags = read_text(" ".join(f"#tag{number}" for number in range(HASHTAGS_MAX + 5)))
    assert tags.hashtags == [f"tag{number}" for number in range(HASHTAGS_MAX)]
    names = read_text(" ".join(f"@user{number}" for number in range(MENTIONS_MAX + 5)))
    assert len(names.mentions) == MENTIONS_MAX


def test_entities_give_positions_in_code_points() -> None:
    caption = "\U0001f305 with @Bob and @nobody #Fog\ufe0f #fog"
    linked = read_text(caption).linked({"bob": 7})
    assert linked.entities == [
        {"kind": "mention", "start": 7, "end": 11, "user_id": "7"},
        {"kind": "hashtag", "start": 24, "end": 28, "tag": "fog"},
        {"kind": "hashtag", "start": 30, "end": 34, "tag": "fog"},
    ]
    assert [caption[one["start"] : one["end"]] for one in linked.entities] == [
        "@Bob",
        "#Fog",
        "#fog",
    ]
    assert (linked.mentions, linked.mentioned) == (["bob", "nobody"], [7])


def test_a_text_with_unresolved_names_must_be_re_read() -> None:
    assert read_text("@bob #fog").linked(None).rules == UNREAD
    assert read_text("#fog").linked(None).rules == TEXT_RULES


@given(st.text(alphabet="#@aB. _東１\u200d\u0301/&·\uff03:", max_size=200))
def test_what_is_found_is_found_again_in_a_caption_made_of_it(caption: str) -> None:
    read = read_text(caption)
    again = read_text(
        " ".join([*(f"#{tag}" for tag in read.hashtags), *(f"@{name}" for name in read.mentions)])
    )
    assert (again.hashtags, again.mentions) == (read.hashtags, read.mentions)


@given(st.text(max_size=300))
def test_entities_lie_side_by_side_within_the_text(text: str) -> None:
    read = read_text(text)
    entities = read.linked(dict.fromkeys(read.mentions, 1)).entities
    ends = [0, *(entity["end"] for entity in entities)]
    assert all(end <= entity["start"] for end, entity in zip(ends, entities, strict=False))
    assert ends[-1] <= len(text)
