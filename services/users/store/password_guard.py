"""The one way to check a password: each guess is counted before it is verified."""

import math
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from services.users.domain.passwords import WrongCredentials, WrongPassword
from services.users.domain.sign_in_limits import TooManyGuesses, TooManySignIns, source_of
from services.users.store.accounts import Credentials
from services.users.store.password_hashes import PasswordHashes
from services.users.store.sign_in_limits import SignInLimits
from shared.errors import AppError


@dataclass(frozen=True, slots=True)
class SignInAttempt:
    """A guess of somebody without a session.

    `login` is the directory key of the name, or what was typed. `address` is the client's; without
    it, only the name limits the tries.
    """

    login: str
    address: str | None
    password: str


class _Guess:
    """One guess; it counts as a failure until proven right, so that concurrent ones cannot pass."""

    def __init__(self, limits: SignInLimits) -> None:
        self._limits = limits
        self._id = secrets.token_hex(8)
        self._counted_for: list[str] = []

    async def count(self, whose: str) -> int:
        """Milliseconds until this guess is allowed; 0 if it was counted."""
        wait_ms = await self._limits.take_failure(whose, self._id)
        if wait_ms == 0:
            self._counted_for.append(whose)
        return wait_ms

    async def take_back(self) -> None:
        """Undo the counts of this guess."""
        for whose in self._counted_for:
            await self._limits.give_failure_back(whose, self._id)


class PasswordGuard:
    """Hashes passwords, and verifies them only where the failures of the account allow it.

    Nobody else holds the hasher, so no route can verify a password uncounted.
    """

    def __init__(self, hashes: PasswordHashes, limits: SignInLimits) -> None:
        self._hashes = hashes
        self._limits = limits

    async def hash(self, password: str) -> str:
        """The hash to store; raises Overloaded."""
        return await self._hashes.hash(password)

    def is_outdated(self, password_hash: str) -> bool:
        """Whether the hash was made with other than the current parameters."""
        return self._hashes.is_outdated(password_hash)

    async def prove_to_sign_in(
        self, known: Credentials | None, attempt: SignInAttempt
    ) -> Credentials:
        """The account's credentials; raises WrongCredentials, TooManySignIns and Overloaded.

        After ten failures by either name of the account, the right password gets the answer of a
        wrong one. A 429 would reveal that the other name belongs to the same account, or to any.
        For an unknown account a guess counts as well, and takes as long.
        """
        if attempt.address is not None:
            _refuse_sign_in(await self._limits.take_try(source_of(attempt.address)))
        by_login = f"login:{attempt.login}"
        async with self._guess() as guess:
            _refuse_sign_in(await guess.count(by_login))
            whose = f"{by_login}:nobody" if known is None else _account(known.user_id)
            is_counted = await guess.count(whose) == 0
            matches = await self._matches(known, attempt.password)
            if known is None or not (matches and is_counted):
                raise WrongCredentials
        return known

    async def prove_signed_in(
        self, user_id: int, known: Credentials | None, password: str
    ) -> Credentials:
        """The viewer's credentials; raises WrongPassword, TooManyGuesses and Overloaded."""
        async with self._guess() as guess:
            wait_ms = await guess.count(_account(user_id))
            if wait_ms > 0:
                raise TooManyGuesses(retry_after_s=math.ceil(wait_ms / 1000))
            if not await self._matches(known, password) or known is None:
                raise WrongPassword
        return known

    async def _matches(self, known: Credentials | None, password: str) -> bool:
        return await self._hashes.verify(None if known is None else known.password_hash, password)

    @asynccontextmanager
    async def _guess(self) -> AsyncIterator[_Guess]:
        """A guess that keeps its counts only if it was wrong; a cancelled one is used up."""
        guess = _Guess(self._limits)
        try:
            yield guess
        except (WrongCredentials, WrongPassword):
            raise
        except AppError:
            # The password was not judged.
            await guess.take_back()
            raise
        await guess.take_back()


def _account(user_id: int) -> str:
    return f"account:{user_id}"


def _refuse_sign_in(wait_ms: int) -> None:
    if wait_ms > 0:
        raise TooManySignIns(retry_after_s=math.ceil(wait_ms / 1000))
