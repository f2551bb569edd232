"""The rules for free texts."""

import pytest

from services.users.domain.texts import line_fault, lines_fault, name_fault, website_fault


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
