"""A bad form is refused with all its faults."""

import pytest

from services.users.domain.sign_up_form import SignUpForm, check_sign_up_form
from shared.errors import Invalid


def test_a_valid_form_passes() -> None:
    check_sign_up_form(SignUpForm("alice", "alice@mail.example", "correct horse", ""))


def test_every_fault_is_named_with_its_field() -> None:
    with pytest.raises(Invalid) as refusal:
        check_sign_up_form(SignUpForm("Alice", "alice", "1234567", "a phone\0"))
    assert [e.field for e in refusal.value.errors] == ["username", "email", "password", "device"]


LONGEST = "".join(map(str, range(1, 100)))[:128]


@pytest.mark.parametrize(
    ("password", "is_fine"), [("éèêëáàäâ", True), (LONGEST, True), (LONGEST + "x", False)]
)
def test_a_password_has_8_to_128_characters(password: str, is_fine: bool) -> None:
    form = SignUpForm("alice", "alice@mail.example", password, "")
    if is_fine:
        check_sign_up_form(form)
    else:
        with pytest.raises(Invalid):
            check_sign_up_form(form)
