"""Which passwords are too common, in any case and with any accents."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from infra.demo.world import PASSWORD as PASSWORD_OF_DEMO
from services.users.domain.guessable_passwords import is_guessable
from services.users.domain.passwords import PASSWORD_CHARACTERS_MIN, password_fault, prepared
from tests.journeys.phone import PASSWORD as PASSWORD_OF_PHONES

LISTED = [one for one in FREQUENCY_LISTS["passwords"] if len(one) >= PASSWORD_CHARACTERS_MIN]


@pytest.mark.parametrize(
    "password",
    [
        "12345678", "password", "PassWord", "qwerty123", "password1", "iloveyou", "1q2w3e4r",
        "contraseña", "Contrasen\u0303a", "\uff50\uff41\uff53\uff53\uff57\uff4f\uff52\uff44",
        "00000000", "aaaaaaaa", "12341234", "abcabcab", "20262026", "passwordpassword",
        "password" * 16, "87654321", "abcdefgh", "ZYXWVUTS", "ñññññññññ",
        "Password1!", "dragon2026", "123monkey!", "¡Contraseña1",
    ],
)  # fmt: skip
def test_a_common_password_is_refused(password: str) -> None:
    found = password_fault(password)
    assert found is not None
    assert found.code == "too_common"


@pytest.mark.parametrize(
    "password",
    [
        PASSWORD_OF_DEMO, PASSWORD_OF_PHONES, "correct horse", "river stone 42", "teapot lid",
        "хорошая лошадь", "正しい馬の電池です", "👩‍👩‍👧 and 🐴 and 🔋", "xkqjwzpv", "1029384756a",
        "monkey-dragon", "2026monkey2026", "m0nkey in a tree",
    ],
)  # fmt: skip
def test_an_unusual_password_is_accepted(password: str) -> None:
    assert password_fault(password) is None


def test_every_password_of_the_list_is_refused() -> None:
    assert len(LISTED) > 10_000
    assert all(password_fault(password) is not None for password in LISTED)


@given(st.sampled_from(LISTED), st.sampled_from(["NFC", "NFD"]), st.booleans())
def test_no_spelling_of_a_common_password_is_accepted(
    password: str, form: str, upper: bool
) -> None:
    typed = unicodedata.normalize(form, password.upper() if upper else password.title())  # type: ignore[arg-type]
    assert is_guessable(prepared(typed))


@pytest.mark.parametrize("between", ["\u200b", "\u00ad", "\ufe0f", "\u2060", " ", "\u3164"])
def test_nothing_invisible_makes_a_common_password_unusual(between: str) -> None:
    for password in ("password", "12345678", "qwertyuiop"):
        assert is_guessable(between.join(password))
        assert is_guessable(password + between)


@given(st.text(min_size=1, max_size=128))
def test_any_text_is_judged(text: str) -> None:
    assert is_guessable(text) in {True, False}
