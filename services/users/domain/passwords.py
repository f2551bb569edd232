"""The rules for passwords, and the form in which they are hashed."""

import re
import unicodedata

from services.users.domain.guessable_passwords import is_guessable, is_made_of
from shared.errors import Forbidden, Unauthenticated
from shared.faults import Fault, fault
from shared.visible_text import shows_something

PASSWORD_CHARACTERS_MIN = 8
PASSWORD_CHARACTERS_MAX = 128

# Spaces that keyboards offer besides the usual one.
_OTHER_SPACE = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")


class WrongCredentials(Unauthenticated):
    """Unknown account or wrong password; the client does not learn which."""

    code = "wrong_credentials"
    title = "The name or the password is wrong."


class WrongPassword(Forbidden):
    """A wrong password of somebody signed in; a 401 would sign the phone out."""

    code = "wrong_password"
    title = "The password is wrong."


def prepared(password: str) -> str:
    """The form that is hashed: all spaces alike, and NFC, as OpaqueString of RFC 8265 wants.

    Keyboards differ in how they spell an accent. Case stays. The RFC refuses characters that its
    Unicode version lacks, and joiners of emoji; here they stay, so that they still sign in later.
    """
    return unicodedata.normalize("NFC", _OTHER_SPACE.sub(" ", password))


def spellings(password: str) -> tuple[str, ...]:
    """Every form under which it may be hashed, the prepared one first.

    Once passwords were hashed as typed: accents in one character or in two.
    """
    form = prepared(password)
    return tuple(dict.fromkeys((form, password, unicodedata.normalize("NFD", password))))


def password_fault(password: str, *names: str) -> Fault | None:
    """Why this cannot be the password of an account with these names; None if it is fine."""
    password = prepared(password)
    if not PASSWORD_CHARACTERS_MIN <= len(password) <= PASSWORD_CHARACTERS_MAX:
        return fault("wrong_length", min=PASSWORD_CHARACTERS_MIN, max=PASSWORD_CHARACTERS_MAX)
    if _CONTROL.search(password):
        return fault("control_characters")
    if not shows_something(password):
        return fault("nothing_visible")
    if any(is_made_of(password, name) for name in names):
        return fault("equal_to_name")
    if is_guessable(password):
        return fault("too_common")
    return None
