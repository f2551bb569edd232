"""What an e-mail address may look like."""

import re

from shared.errors import Conflict

# RFC 5321, section 4.5.3.1: the longest address that fits into a path.
EMAIL_CHARACTERS_MAX = 254
_LOCAL_PART_CHARACTERS_MAX = 64

# Not RFC 5322 in full: quoted local parts and address literals reach nobody. Letters beyond ASCII
# are allowed on both sides (RFC 6531). What counts is that mail arrives, which only mail can tell.
_EMAIL = re.compile(
    r"[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*"
    r"@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W_](?:[\w-]{0,61}[^\W_])?"
)


class EmailTaken(Conflict):
    """Another account has this e-mail address, or is about to."""

    code = "email_taken"
    title = "This e-mail address belongs to another account."


def email_key(email: str) -> str:
    """The form under which an address is looked up.

    The local part may in theory depend on case; providers agree that it does not, and two
    accounts that differ in case only would be two people or one who is confused.
    """
    return email.casefold()


def email_fault(email: str) -> str | None:
    """Why this is not an address to write to; None if it is fine."""
    if len(email) > EMAIL_CHARACTERS_MAX:
        return f"An e-mail address has at most {EMAIL_CHARACTERS_MAX} characters."
    if len(email.partition("@")[0]) > _LOCAL_PART_CHARACTERS_MAX or not _EMAIL.fullmatch(email):
        return "This is not an e-mail address."
    return None
