"""Visible and invisible characters."""

import sys
import unicodedata

import pytest

from shared.visible_text import is_ignorable, shows_something


@pytest.mark.parametrize("text", ["a", "\u6771", "!", "\U0001f98a", "1\ufe0f\u20e3", "\u0e33"])
def test_a_letter_a_sign_and_a_picture_show(text: str) -> None:
    assert shows_something(text)


@pytest.mark.parametrize(
    "text",
    ["", " \t\n", "\u00a0\u3000", "\u200b", "\u3164", "\u2800", "\u00ad", "\u2060", "\ufe0f",
     "\ufffc", "\ue000\U000f0000",
     "\u200f", "\u115f\u1160", "\uffa0", "\u034f", "\u0301", "\U000e0041", "\x00", "\u180e"],
)  # fmt: skip
def test_spaces_fillers_and_lone_marks_show_nothing(text: str) -> None:
    assert not shows_something(text)


def test_every_assigned_format_character_is_ignorable_or_known() -> None:
    """The ranges are typed by hand, so this test finds new format characters of Unicode."""
    formats = [chr(c) for c in range(sys.maxunicode + 1) if unicodedata.category(chr(c)) == "Cf"]
    shown = {c for c in formats if not is_ignorable(c)}
    # Arabic and Kaithi number signs, Egyptian joiners and interlinear marks have a shape.
    blocks = {ord(c) >> 8 for c in shown}
    assert blocks == {0x06, 0x07, 0x08, 0xFF, 0x110, 0x134}
