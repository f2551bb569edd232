"""Whether the owner of an account has shown that they read its address."""

from dataclasses import dataclass

from services.users.domain.mails import Language
from shared.errors import Conflict


class AddressVerified(Conflict):
    """There is nothing left to verify."""

    code = "email_verified"
    title = "This address is verified already."


@dataclass(frozen=True, slots=True)
class AccountAddress:
    """The address of an account."""

    email: str
    is_verified: bool
    language: Language
