"""Password guesses are limited by address and account without revealing accounts."""

import asyncio
import secrets

import pytest

from services.users.actions.sign_in import SignInForm, sign_in
from services.users.domain.passwords import WrongCredentials
from services.users.domain.sign_in_limits import (
    FAILURES_OF_ACCOUNT,
    TRIES_OF_ADDRESS,
    TooManySignIns,
    source_of,
)
from services.users.resources import Resources
from services.users.store.password_hashes import PasswordHashes
from shared.errors import Overloaded
from tests.users.cast import PASSWORD, Cast
from tests.users.guards import guard_with, limits_of
from tests.users.users_api import UsersApi


async def _try(resources: Resources, login: str, password: str, address: str | None = None) -> str:
    form = SignInForm(login, password, "", address)
    try:
        await sign_in(resources.group, resources.passwords, resources.tokens, form, None)
    except (WrongCredentials, TooManySignIns) as refused:
        return refused.code
    return "signed_in"


async def _fail(resources: Resources, login: str, times: int) -> list[str]:
    tries = (_try(resources, login, "wrong password") for _ in range(times))
    return list(await asyncio.gather(*tries))


@pytest.mark.parametrize("exists", [True, False])
async def test_exactly_ten_guesses_pass_whether_concurrent_or_not(
    resources: Resources, cast: Cast, exists: bool
) -> None:
    login = (await cast.person("alice"))["user"]["username"] if exists else secrets.token_hex(8)
    codes = await _fail(resources, login, 14)
    assert codes.count("wrong_credentials") == FAILURES_OF_ACCOUNT.times_max
    assert codes.count("too_many_sign_ins") == 4
    # Even the right password: a refused caller learns nothing about it.
    assert await _try(resources, login, PASSWORD) == "too_many_sign_ins"


async def test_the_other_name_gives_no_further_guesses_and_reveals_nothing(
    resources: Resources, cast: Cast
) -> None:
    alice = (await cast.person("alice"))["user"]
    await _fail(resources, alice["username"], FAILURES_OF_ACCOUNT.times_max)
    assert await _try(resources, alice["email"], "wrong password") == "wrong_credentials"
    assert await _try(resources, alice["email"], PASSWORD) == "wrong_credentials"


async def test_a_successful_sign_in_counts_no_failure(resources: Resources, cast: Cast) -> None:
    login = (await cast.person("alice"))["user"]["username"]
    await _fail(resources, login, FAILURES_OF_ACCOUNT.times_max - 1)
    for _again in range(2):
        assert await _try(resources, login, PASSWORD) == "signed_in"
    assert await _fail(resources, login, 2) == ["wrong_credentials", "too_many_sign_ins"]


async def test_an_unverified_attempt_counts_no_failure(resources: Resources, cast: Cast) -> None:
    login = (await cast.person("alice"))["user"]["username"]
    full = PasswordHashes(waiting_max=-2)
    guard = guard_with(resources, full)
    form = SignInForm(login, "wrong password", "")
    for _more in range(FAILURES_OF_ACCOUNT.times_max + 1):
        with pytest.raises(Overloaded):
            await sign_in(resources.group, guard, resources.tokens, form, None)
    full.close()
    assert await _try(resources, login, PASSWORD) == "signed_in"


async def test_an_address_has_a_limited_number_of_tries_for_any_names(
    resources: Resources, api: UsersApi
) -> None:
    address = f"2001:db8:{secrets.token_hex(2)}:{secrets.token_hex(2)}::1"
    body = {"login": "nobody_here", "password": "wrong password", "address": address}
    for _try in range(TRIES_OF_ADDRESS.times_max):
        assert await limits_of(resources).take_try(source_of(address)) == 0
    reply = await api.post("/sessions", body)
    assert (reply.status_code, reply.json()["code"]) == (429, "too_many_sign_ins")
    assert 0 < int(reply.headers["Retry-After"]) <= 300
