"""The one way to check a password: each guess is counted before it is verified."""

import math
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TypeVar

from services.users.domain.passwords import (
    WrongCredentials,
    WrongPassword,
    prepared,
    spellings,
)
from services.users.domain.proofs import WrongCode
from services.users.domain.sign_in_limits import Limit, TooManyGuesses, TooManySignIns, source_of
from services.users.store.accounts import Credentials
from services.users.store.password_hashes import PasswordHashes
from services.users.store.sign_in_limits import SignInLimits
from shared.errors import AppError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class SignInAttempt:
    """A guess of somebody without a session.

    `login` is the directory key of the name, or what was typed. `address` is the client's; without
    it, only the name limits the tries. `signed_in_before` is the account whose password was once
    known on the client's device.
    """

    login: str
    address: str | None
    password: str
    signed_in_before: int | None = None


class _Guess:
    """One guess; it counts as a failure until proven right, so that concurrent ones cannot pass."""

    def __init__(self, limits: SignInLimits) -> None:
        self._limits = limits
        self._id = secrets.token_hex(8)
        self._counted_for: list[str] = []

    async def count(self, whose: str, limit: Limit) -> int:
        """Milliseconds until this guess is allowed; 0 if it was counted."""
        wait_ms = await self._limits.take_failure(whose, limit, self._id)
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
        self._of = limits.limits

    async def hash(self, password: str) -> str:
        """The hash to store; raises Overloaded."""
        return await self._hashes.hash(prepared(password))

    async def renewed_hash(self, proven: Credentials, password: str) -> str | None:
        """A hash with current parameters of the prepared password; None if it has that already."""
        kept = proven.password_hash
        form, *others = spellings(password)
        is_current = not self._hashes.is_outdated(kept)
        if is_current and (not others or await self._hashes.verify(kept, form)):
            return None
        return await self._hashes.hash(form)

    async def prove_to_sign_in(
        self, known: Credentials | None, attempt: SignInAttempt
    ) -> Credentials:
        """The account's credentials; raises WrongCredentials, TooManySignIns and Overloaded.

        A device that once knew the password counts with the owner's sessions, so that strangers
        cannot lock it out. Once their count is full, its address counts like a stranger's.
        """
        async with self._guess() as guess:
            is_counted = await self._count_of_owner(guess, known, attempt)
            if not is_counted:
                is_counted = await self._count_of_stranger(guess, known, attempt)
            matches = await self._matches(known, attempt.password)
            if known is None or not (matches and is_counted):
                raise WrongCredentials
        return known

    async def prove_signed_in(
        self, user_id: int, known: Credentials | None, password: str
    ) -> Credentials:
        """The viewer's credentials; raises WrongPassword, TooManyGuesses and Overloaded."""
        async with self._guess() as guess:
            wait_ms = await guess.count(_account(user_id), self._of.failures_of_account)
            if wait_ms > 0:
                raise TooManyGuesses(retry_after_s=math.ceil(wait_ms / 1000))
            if not await self._matches(known, password) or known is None:
                raise WrongPassword
        return known

    async def prove_code(self, user_id: int, check: Callable[[], Awaitable[T | None]]) -> T:
        """What the check finds for the viewer's code; raises WrongCode and TooManyGuesses.

        Wrong codes have a count of their own: whoever mistypes them may still use the password.
        """
        async with self._guess() as guess:
            wait_ms = await guess.count(f"codes:{user_id}", self._of.failures_of_account)
            if wait_ms > 0:
                raise TooManyGuesses(retry_after_s=math.ceil(wait_ms / 1000))
            return _right(await check())

    async def prove_strangers_code(
        self, login: str, address: str | None, check: Callable[[], Awaitable[T | None]]
    ) -> T:
        """What the check finds for a code and a login, which may be nobody's.

        Raises WrongCode, and TooManySignIns by the counts of the address and of the login.
        """
        source = "" if address is None else source_of(address)
        async with self._guess() as guess:
            if source:
                _refuse_sign_in(
                    await guess.count(f"address:{source}", self._of.failures_of_address)
                )
            by_login = f"codes_of:{login}"
            for whose, limit in self._of_strangers(by_login, source):
                _refuse_sign_in(await guess.count(whose, limit))
            return _right(await check())

    async def _matches(self, known: Credentials | None, password: str) -> bool:
        kept = None if known is None else known.password_hash
        # Without an account it takes as long: a wrong password is tried in every spelling.
        for spelling in spellings(password):
            if await self._hashes.verify(kept, spelling):
                return True
        return False

    async def _count_of_owner(
        self, guess: _Guess, known: Credentials | None, attempt: SignInAttempt
    ) -> bool:
        """Whether the guess was counted with those of the account's sessions."""
        if known is None or attempt.signed_in_before != known.user_id:
            return False
        return await guess.count(_account(known.user_id), self._of.failures_of_account) == 0

    async def _count_of_stranger(
        self, guess: _Guess, known: Credentials | None, attempt: SignInAttempt
    ) -> bool:
        """Whether the password may count; raises TooManySignIns.

        By the other name of an account whose failures are used up, it may not, and the right
        password gets the answer of a wrong one. A 429 would reveal that both names belong to one
        account, or to any. For an unknown account a guess counts as well, and takes as long.
        """
        source = "" if attempt.address is None else source_of(attempt.address)
        if source:
            _refuse_sign_in(await self._limits.take_try(source))
            _refuse_sign_in(await guess.count(f"address:{source}", self._of.failures_of_address))
        by_login = f"login:{attempt.login}"
        for whose, limit in self._of_strangers(by_login, source):
            _refuse_sign_in(await guess.count(whose, limit))
        by_account = f"{by_login}:nobody" if known is None else f"strangers:{known.user_id}"
        waits_ms = [
            await guess.count(whose, limit)
            for whose, limit in self._of_strangers(by_account, source)
        ]
        return not any(waits_ms)

    def _of_strangers(self, whose: str, source: str) -> tuple[tuple[str, Limit], ...]:
        """The counts of one address and of all, in that order."""
        return (
            (f"{whose}@{source}", self._of.failures_of_stranger),
            (whose, self._of.failures_of_strangers),
        )

    @asynccontextmanager
    async def _guess(self) -> AsyncIterator[_Guess]:
        """A guess that keeps its counts only if it was wrong; a cancelled one is used up."""
        guess = _Guess(self._limits)
        try:
            yield guess
        except (WrongCredentials, WrongPassword, WrongCode):
            raise
        except AppError:
            # The password was not judged.
            await guess.take_back()
            raise
        await guess.take_back()


def _right(found: T | None) -> T:
    if found is None:
        raise WrongCode
    return found


def _account(user_id: int) -> str:
    return f"account:{user_id}"


def _refuse_sign_in(wait_ms: int) -> None:
    if wait_ms > 0:
        raise TooManySignIns(retry_after_s=math.ceil(wait_ms / 1000))
