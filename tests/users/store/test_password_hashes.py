"""Password hashing: argon2id, in bounded threads."""

import asyncio

import pytest
from argon2 import PasswordHasher

from services.users.store.password_hashes import PasswordHashes
from shared.errors import Overloaded

QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


async def test_the_password_of_a_hash_is_recognised() -> None:
    passwords = PasswordHashes(QUICK)
    kept = await passwords.hash("correct horse")
    assert await passwords.verify(kept, "correct horse")
    assert not await passwords.verify(kept, "wrong horse")
    passwords.close()


async def test_without_a_hash_no_password_is_right() -> None:
    passwords = PasswordHashes(QUICK)
    assert not await passwords.verify(None, "the password of nobody")
    passwords.close()


async def test_a_malformed_hash_matches_no_password() -> None:
    passwords = PasswordHashes(QUICK)
    assert not await passwords.verify("not a hash", "correct horse")
    passwords.close()


async def test_the_parameters_are_those_that_owasp_recommends() -> None:
    passwords = PasswordHashes()
    kept = await passwords.hash("correct horse")
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert not passwords.is_outdated(kept)
    assert passwords.is_outdated(QUICK.hash("correct horse"))
    passwords.close()


async def test_a_caller_who_would_wait_too_long_is_refused_at_once() -> None:
    passwords = PasswordHashes(threads=1, waiting_max=2)
    hashing = [passwords.hash("correct horse") for _ in range(10)]
    outcomes = await asyncio.gather(*hashing, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [str] * 3 + [Overloaded] * 7
    assert await passwords.hash("again")
    passwords.close()


async def test_a_cancelled_caller_frees_its_slot() -> None:
    passwords = PasswordHashes(threads=1, waiting_max=1)
    gone = [asyncio.create_task(passwords.hash("correct horse")) for _ in range(2)]
    await asyncio.gather(asyncio.wait(gone, timeout=0))
    for task in gone:
        task.cancel()
    await asyncio.wait(gone)
    with pytest.raises(asyncio.CancelledError):
        await gone[1]
    assert await passwords.hash("again")
    passwords.close()
