"""Limits password guesses without revealing anything about accounts."""

import math
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.users.domain.passwords import WrongCredentials
from services.users.domain.sign_in_limits import TooManySignIns, source_of
from services.users.store.sign_in_limits import SignInLimits
from shared.errors import AppError


class Guess:
    """One password tried for one name; it counts as a failure until proven right."""

    def __init__(self, limits: SignInLimits, login: str) -> None:
        self._limits = limits
        self._id = secrets.token_hex(8)
        self._counted_for = [f"login:{login}"]

    async def count_for_account(self, user_id: int | None) -> bool:
        """Whether the password may count; not after ten failures by either name of the account.

        The answer must then be that of a wrong password. A 429 would reveal that the other name
        belongs to the same account, or to any account. For an unknown account it counts as well,
        and takes as long.
        """
        whose = self._counted_for[0] + ":nobody" if user_id is None else f"account:{user_id}"
        allowed = await self._limits.take_failure(whose, self._id) == 0
        if allowed:
            self._counted_for.append(whose)
        return allowed

    async def count_for_login(self) -> int:
        """Milliseconds until this name may be tried again; 0 if it may be tried now."""
        return await self._limits.take_failure(self._counted_for[0], self._id)

    async def take_back(self) -> None:
        """Undo the counts of this guess."""
        for whose in self._counted_for:
            await self._limits.give_failure_back(whose, self._id)


@asynccontextmanager
async def guard_sign_in(
    limits: SignInLimits, login: str, address: str | None
) -> AsyncIterator[Guess]:
    """Guard one attempt, which raises WrongCredentials on failure; raises TooManySignIns.

    Every try counts for the address. A cancelled attempt has used up a guess.
    """
    if address is not None:
        _check(await limits.take_try(source_of(address)))
    guess = Guess(limits, login)
    _check(await guess.count_for_login())
    try:
        yield guess
    except WrongCredentials:
        raise
    except AppError:
        # The password was not judged.
        await guess.take_back()
        raise
    await guess.take_back()


def _check(wait_ms: int) -> None:
    if wait_ms > 0:
        raise TooManySignIns(retry_after_s=math.ceil(wait_ms / 1000))
