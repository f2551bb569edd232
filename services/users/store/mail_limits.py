"""How many messages an address may get, and a caller may cause."""

import math
import secrets

from services.users.domain.emails import email_key
from services.users.domain.mails import TooManyMails
from services.users.domain.sign_in_limits import Limit, source_of
from services.users.store.sign_in_limits import SignInLimits

_HOUR_MS = 60 * 60 * 1000
# Whoever mistypes a code asks for a few more; a stranger's mailbox must not be filled.
_OF_ADDRESS = (Limit(6, _HOUR_MS), Limit(20, 24 * _HOUR_MS))
# A school behind one address signs up in a lesson.
# For a name that somebody typed, whether or not it is anybody's.
_OF_NAME = Limit(6, _HOUR_MS)
_OF_CALLER = Limit(60, _HOUR_MS)


class MailLimits:
    """Counts in the same windows as guesses; each process counts for itself without Redis."""

    def __init__(self, limits: SignInLimits) -> None:
        self._limits = limits

    async def wait_ms(self, email: str) -> int:
        """Milliseconds until the address may get another message; 0 if this one was counted."""
        key = email_key(email)
        waits = [
            await self._limits.take_failure(f"mail:{place}:{key}", limit, secrets.token_hex(8))
            for place, limit in enumerate(_OF_ADDRESS)
        ]
        return max(waits)

    async def refuse_if_full(self, email: str) -> None:
        """Count a message to an address; raises TooManyMails."""
        wait_ms = await self.wait_ms(email)
        if wait_ms > 0:
            raise TooManyMails(retry_after_s=math.ceil(wait_ms / 1000))

    async def refuse_caller_if_full(self, address: str | None) -> None:
        """Count a message that a stranger asks for; raises TooManyMails."""
        if address:
            await self._refuse(f"mails_asked:{source_of(address)}", _OF_CALLER)

    async def refuse_name_if_full(self, name: str) -> None:
        """Count a message that was asked for by a name; raises TooManyMails."""
        await self._refuse(f"mails_for:{name}", _OF_NAME)

    async def _refuse(self, whose: str, limit: Limit) -> None:
        wait_ms = await self._limits.take_failure(whose, limit, secrets.token_hex(8))
        if wait_ms > 0:
            raise TooManyMails(retry_after_s=math.ceil(wait_ms / 1000))
