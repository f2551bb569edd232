"""The rules for passwords; the store hashes them."""

from shared.errors import Forbidden, Unauthenticated
from shared.faults import Fault, fault

PASSWORD_CHARACTERS_MIN = 8
PASSWORD_CHARACTERS_MAX = 128


class WrongCredentials(Unauthenticated):
    """Unknown account or wrong password; the client does not learn which."""

    code = "wrong_credentials"
    title = "The name or the password is wrong."


class WrongPassword(Forbidden):
    """A wrong password of somebody signed in; a 401 would sign the phone out."""

    code = "wrong_password"
    title = "The password is wrong."


def password_fault(password: str) -> Fault | None:
    """Why this cannot be a password; None if it is fine."""
    if not PASSWORD_CHARACTERS_MIN <= len(password) <= PASSWORD_CHARACTERS_MAX:
        return fault("wrong_length", min=PASSWORD_CHARACTERS_MIN, max=PASSWORD_CHARACTERS_MAX)
    return None
