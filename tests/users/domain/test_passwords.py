"""What may be a password, and in which form it is hashed."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from precis_i18n import get_profile

from services.users.domain.passwords import password_fault, prepared, spellings

OPAQUE_STRING = get_profile("OpaqueString")


@given(st.text())
def test_all_spellings_of_a_password_are_prepared_alike(password: str) -> None:
    form = prepared(password)
    assert prepared(form) == form
    assert {prepared(other) for other in spellings(password)} == {form}
    for normal in ("NFC", "NFD"):
        assert prepared(unicodedata.normalize(normal, password)) == form


def test_each_space_is_the_usual_one_and_case_stays() -> None:
    assert prepared("Ein\u00a0Wort\u3000mehr\u2003hier") == "Ein Wort mehr hier"


# The table of RFC 8265, section 4.3, with short ones made longer; None is refused there.
@pytest.mark.parametrize(
    ("password", "form"),
    [
        ("correct horse battery staple", "correct horse battery staple"),
        ("Correct Horse Battery Staple", "Correct Horse Battery Staple"),
        ("\u03c0\u00df\u00e5 is short", "\u03c0\u00df\u00e5 is short"),
        ("Jack of \u2666s", "Jack of \u2666s"),
        ("foo\u1680bar baz", "foo bar baz"),
        ("", None),
        ("my cat is a \tby", None),
    ],
)
def test_the_examples_of_opaque_string(password: str, form: str | None) -> None:
    if form is None:
        assert password_fault(password) is not None
    else:
        assert password_fault(password) is None
        assert prepared(password) == form == OPAQUE_STRING.enforce(password)


@given(st.text())
def test_what_opaque_string_allows_is_hashed_in_its_form(password: str) -> None:
    try:
        form = OPAQUE_STRING.enforce(password)
    except UnicodeEncodeError:
        return
    assert prepared(password) == form


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("correct horse", None),
        ("n\u0303o\u0303" * 4, "too_common"),
        ("sen\u0303or\u0303a z", None),
        ("n\u0303" * 7, "wrong_length"),
        ("correct\x00horse", "control_characters"),
        ("correct\u0085horse", "control_characters"),
        (" " * 12, "nothing_visible"),
        ("\u3000\u200b" * 6, "nothing_visible"),
        ("alice.moreau", "equal_to_name"),
        ("Alice.Moreau", "equal_to_name"),
        ("ALICE@mail.example", "equal_to_name"),
        ("alice.moreau1", "equal_to_name"),
        ("!Alice.Moreau99", "equal_to_name"),
        ("alice.moreau and more", None),
        ("1.alice.moreau.2026", None),
    ],
)
def test_why_a_password_is_refused(password: str, code: str | None) -> None:
    found = password_fault(password, "alice.moreau", "alice@mail.example")
    assert (None if found is None else found.code) == code
