"""What an e-mail address is, and when two spellings are the same mailbox."""

import unicodedata

from email_validator import EmailNotValidError, ValidatedEmail, validate_email

from shared.errors import Conflict
from shared.faults import Fault, fault

# RFC 5321, section 4.5.3.1: the longest address that fits into a path.
EMAIL_CHARACTERS_MAX = 254

# Raise it when `email_key` changes; a worker then moves accounts to their new key.
EMAIL_RULES = 1


class EmailTaken(Conflict):
    """Another account has this e-mail address, or is about to get it."""

    code = "email_taken"
    title = "This e-mail address belongs to another account."


def email_key(email: str) -> str:
    """The directory key of an address: the same for all spellings of a mailbox.

    The host is in ASCII (IDNA 2008). The local part is in NFC and lower case: in theory it is
    case-sensitive, but no provider treats it so. Distinct letters that merely fold to the same one
    stay distinct.
    """
    parsed = _parsed(email)
    if parsed is None or parsed.ascii_domain is None:
        return former_email_key(email)
    return f"{_small(parsed.local_part)}@{parsed.ascii_domain.lower()}"


def former_email_key(email: str) -> str:
    """The key before `EMAIL_RULES` 1; accounts keep it until a worker moves them."""
    return email.casefold()


def former_keys_of_mailbox(email: str) -> frozenset[str]:
    """Every key that the former rules may have given the mailbox."""
    parsed = _parsed(email)
    if parsed is None:
        return frozenset({former_email_key(email)})
    domains = {email.rpartition("@")[2], parsed.domain, parsed.ascii_domain or parsed.domain}
    return frozenset(
        former_email_key(unicodedata.normalize(form, f"{parsed.local_part}@{domain}"))
        for domain in domains
        for form in ("NFC", "NFD")
    ) | {former_email_key(email)}


def email_fault(email: str) -> Fault | None:
    """Why this is not an e-mail address; None if it is one."""
    if len(email) > EMAIL_CHARACTERS_MAX:
        return fault("too_long", max=EMAIL_CHARACTERS_MAX)
    if _parsed(email) is None:
        return fault("not_an_email")
    return None


def _parsed(email: str) -> ValidatedEmail | None:
    try:
        # Only mail can tell whether it arrives, so host names are not looked up.
        return validate_email(email, check_deliverability=False, strict=True)
    except EmailNotValidError:
        return None


def _small(text: str) -> str:
    # Letter by letter: a final sigma stays distinct, and no letter becomes two.
    return "".join(c.lower() if len(c.lower()) == 1 else c for c in text)
