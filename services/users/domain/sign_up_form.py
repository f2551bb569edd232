"""The fields of a sign-up, checked together."""

from dataclasses import dataclass, replace

from services.users.domain.emails import email_fault
from services.users.domain.passwords import password_fault
from services.users.domain.texts import DEVICE_CHARACTERS_MAX, line_fault
from services.users.domain.usernames import username_fault
from shared.errors import FieldError, Invalid


@dataclass(frozen=True, slots=True)
class SignUpForm:
    """What a person filled in; `device` names the first session."""

    username: str
    email: str
    password: str
    device: str
    language: str = "en"


def trimmed(form: SignUpForm) -> SignUpForm:
    """Remove the spaces that keyboards add around names and addresses."""
    return replace(form, username=form.username.strip(), email=form.email.strip())


def check_sign_up_form(form: SignUpForm) -> None:
    """Raise Invalid that names every bad field, so that people correct all at once."""
    faults = {
        "username": username_fault(form.username),
        "email": email_fault(form.email),
        "password": password_fault(form.password, form.username, form.email),
        "device": line_fault(form.device, DEVICE_CHARACTERS_MAX),
    }
    errors = [FieldError(field, found) for field, found in faults.items() if found is not None]
    if errors:
        raise Invalid(errors=errors)
