"""What may be a password, and in which form it is hashed."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.users.domain.passwords import password_fault, prepared, spellings


@given(st.text())
def test_all_spellings_of_a_password_are_prepared_alike(password: str) -> None:
    form = prepared(password)
    assert prepared(form) == form
    assert {prepared(other) for other in spellings(password)} == {form}
    for normal in ("NFC", "NFD"):
        assert prepared(unicodedata.normalize(normal, password)) == form


def test_each_space_is_the_usual_one_and_case_stays() -> None:
    assert prepared("Ein\u00a0Wort\u3000mehr\u2003hier") == "Ein Wort mehr hier"


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("correct horse", None),
        ("n\u0303" * 8, None),
        ("n\u0303" * 7, "wrong_length"),
        (" " * 12, "nothing_visible"),
        ("\u3000\u200b" * 6, "nothing_visible"),
        ("alice.moreau", "equal_to_name"),
        ("Alice.Moreau", "equal_to_name"),
        ("ALICE@mail.example", "equal_to_name"),
        ("alice.moreau1", None),
    ],
)
def test_why_a_password_is_refused(password: str, code: str | None) -> None:
    found = password_fault(password, "alice.moreau", "alice@mail.example")
    assert (None if found is None else found.code) == code
