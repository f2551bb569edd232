"""The rules for free texts."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.users.domain.texts import line_fault, lines_fault, name_fault, website_fault
from shared.visible_text import is_ignorable


@pytest.mark.parametrize("text", ["", "Alice's phone", "Élise 👩‍💻", "ალისა", "a b"])
def test_a_line_in_any_script_is_accepted(text: str) -> None:
    assert line_fault(text, 50) is None


@pytest.mark.parametrize("text", ["a\nb", "a\0", "a\x85b", "a\u2028b", "\u202eecila", "x" * 51])
def test_controls_and_too_many_characters_are_refused(text: str) -> None:
    assert line_fault(text, 50)


def test_a_longer_text_may_have_several_lines() -> None:
    assert lines_fault("fog\nmostly", 50) is None
    assert lines_fault("fog\rmostly", 50)
    assert lines_fault("x" * 51, 50)


@pytest.mark.parametrize(
    "text", ["", "https://alice.example", "http://a.example:8080/x?y#z", "HTTPS://A.B"]
)
def test_a_web_address_is_accepted(text: str) -> None:
    assert website_fault(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "alice.example",
        "javascript:alert(1)",
        "https://",
        "https://localhost",
        "https://a.b c",
        "https://me:pw@a.example",
        "ftp://a.example",
        "https://a.example/" + "x" * 200,
    ],
)
def test_anything_else_is_refused_as_a_web_address(text: str) -> None:
    assert website_fault(text)


@pytest.mark.parametrize("text", ["", "Bob", "\U0001f98a", "\u0e01\u0e33", " a "])
def test_a_visible_name_is_accepted(text: str) -> None:
    assert name_fault(text) is None


@pytest.mark.parametrize("text", ["   ", "\u200b", "\u3164", "\u2800", "\u0301", "a" * 51])
def test_an_invisible_name_is_refused(text: str) -> None:
    assert name_fault(text)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Alice Moreau", None),
        ("Nguyễn Thế Ân", None),
        ("שָׁלוֹם", None),
        ("กำลังใจ", None),
        ("مُحَمَّد", None),
        ("བོད་ཡིག", None),
        ("Zoë 👩‍👩‍👧 1️⃣", None),
        ("Z" + "\u0301" * 4, None),
        ("Z" + "\u0301" * 5 + "algo", "too_many_marks"),
        ("Z" + ("\u0301" * 4 + "\u2060") * 2, "too_many_marks"),
        ("Z" + "\u0301\u200b" * 5, "too_many_marks"),
        ("e\u0302" + "\u20dd\u0336" * 12, "too_many_marks"),
        ("\u1ebf" + "\u0323" * 3, "too_many_marks"),
        ("\u200b\u2060", "nothing_visible"),
        ("\u3164\u3164", "nothing_visible"),
        ("\u0301\u0301", "nothing_visible"),
        ("gpj.\u202eecila", "several_lines"),
        ("\u2066alice\u2069", "several_lines"),
        ("alice\u206e", "several_lines"),
    ],
)
def test_a_display_name_shows_itself_and_nothing_else(name: str, code: str | None) -> None:
    found = name_fault(name)
    assert (None if found is None else found.code) == code


@given(st.text(alphabet=st.characters(categories=["Lu", "Mn", "Me", "Cf"]), max_size=20))
def test_no_accepted_name_towers_or_turns_around(name: str) -> None:
    if name_fault(name) is None:
        assert not re.search("[\u202a-\u202e\u2066-\u206f]", name)
        marks = "".join(
            "m" if unicodedata.category(one) in {"Mn", "Me"} else "-"
            for one in unicodedata.normalize("NFD", name)
            if not is_ignorable(one)
        )
        assert "m" * 5 not in marks
