"""What a password may be; how it is kept is the store's affair."""

from shared.errors import Unauthenticated

PASSWORD_CHARACTERS_MIN = 8
PASSWORD_CHARACTERS_MAX = 128


class WrongCredentials(Unauthenticated):
    """No such account or another password: which of the two is not told."""

    code = "wrong_credentials"
    title = "The name or the password is not right."


def password_fault(password: str) -> str | None:
    """Why this cannot be a password; None if it is fine."""
    if not PASSWORD_CHARACTERS_MIN <= len(password) <= PASSWORD_CHARACTERS_MAX:
        return f"A password has {PASSWORD_CHARACTERS_MIN} to {PASSWORD_CHARACTERS_MAX} characters."
    return None
