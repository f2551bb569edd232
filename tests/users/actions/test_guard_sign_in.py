"""Password guesses are limited by address and account without revealing accounts."""

import asyncio
import secrets

import pytest

from services.users.actions.sign_in import SignInForm, sign_in
from services.users.domain.passwords import WrongCredentials
from services.users.domain.sign_in_limits import (
    GUESS_LIMITS,
    TooManyGuesses,
    TooManySignIns,
    source_of,
)
from services.users.resources import Resources
from services.users.store.accounts import find_credentials
from services.users.store.password_hashes import PasswordHashes
from shared.errors import Overloaded
from tests.users.cast import PASSWORD, Cast
from tests.users.guards import guard_with, limits_of
from tests.users.users_api import UsersApi

TIMES = GUESS_LIMITS.failures_of_stranger.times_max
EVERYBODYS_TIMES = GUESS_LIMITS.failures_of_strangers.times_max


def _an_address() -> str:
    return f"2001:db8:{secrets.token_hex(2)}:{secrets.token_hex(2)}::1"


async def _try(
    resources: Resources, login: str, password: str, address: str | None = None, token: str = ""
) -> str:
    form = SignInForm(login, password, "", address, token)
    try:
        await sign_in(
            resources.group,
            resources.passwords,
            resources.mail_limits,
            resources.tokens,
            form,
            None,
        )
    except (WrongCredentials, TooManySignIns) as refused:
        return refused.code
    return "signed_in"


async def _fail(
    resources: Resources, login: str, times: int, address: str | None = None, token: str = ""
) -> list[str]:
    tries = (_try(resources, login, "wrong password", address, token) for _ in range(times))
    return list(await asyncio.gather(*tries))


@pytest.mark.parametrize("exists", [True, False])
async def test_exactly_ten_guesses_pass_whether_concurrent_or_not(
    resources: Resources, cast: Cast, exists: bool
) -> None:
    login = (await cast.person("alice"))["user"]["username"] if exists else secrets.token_hex(8)
    codes = await _fail(resources, login, 14)
    assert codes.count("wrong_credentials") == TIMES
    assert codes.count("too_many_sign_ins") == 4
    # Even the right password: a refused caller learns nothing about it.
    assert await _try(resources, login, PASSWORD) == "too_many_sign_ins"


async def test_the_other_name_gives_no_further_guesses_and_reveals_nothing(
    resources: Resources, cast: Cast
) -> None:
    alice = (await cast.reader("alice"))["user"]
    await _fail(resources, alice["username"], TIMES)
    assert await _try(resources, alice["email"], "wrong password") == "wrong_credentials"
    assert await _try(resources, alice["email"], PASSWORD) == "wrong_credentials"


async def test_a_successful_sign_in_counts_no_failure(resources: Resources, cast: Cast) -> None:
    login = (await cast.person("alice"))["user"]["username"]
    await _fail(resources, login, TIMES - 1)
    for _again in range(2):
        assert await _try(resources, login, PASSWORD) == "signed_in"
    codes = await _fail(resources, login, 2)
    assert sorted(codes) == ["too_many_sign_ins", "wrong_credentials"]


async def test_an_unverified_attempt_counts_no_failure(resources: Resources, cast: Cast) -> None:
    login = (await cast.person("alice"))["user"]["username"]
    full = PasswordHashes(waiting_max=-2)
    guard = guard_with(resources, full)
    form = SignInForm(login, "wrong password", "")
    for _more in range(TIMES + 1):
        with pytest.raises(Overloaded):
            await sign_in(
                resources.group, guard, resources.mail_limits, resources.tokens, form, None
            )
    full.close()
    assert await _try(resources, login, PASSWORD) == "signed_in"


async def test_an_address_has_a_limited_number_of_tries_for_any_names(
    resources: Resources, api: UsersApi
) -> None:
    address = _an_address()
    body = {"login": "nobody_here", "password": "wrong password", "address": address}
    for _try in range(GUESS_LIMITS.tries_of_address.times_max):
        assert await limits_of(resources).take_try(source_of(address)) == 0
    reply = await api.post("/sessions", body)
    assert (reply.status_code, reply.json()["code"]) == (429, "too_many_sign_ins")
    assert 0 < int(reply.headers["Retry-After"]) <= 300


async def test_strangers_guesses_lock_out_neither_a_known_device_nor_a_new_one(
    resources: Resources, cast: Cast
) -> None:
    alice = await cast.person("alice")
    login, stranger = alice["user"]["username"], _an_address()
    await _fail(resources, login, TIMES, stranger)
    assert await _try(resources, login, PASSWORD, stranger) == "too_many_sign_ins"
    assert await _try(resources, login, PASSWORD, stranger, alice["device_token"]) == "signed_in"
    assert await _try(resources, login, PASSWORD, _an_address()) == "signed_in"


@pytest.mark.parametrize("exists", [True, False])
async def test_guesses_from_many_addresses_are_limited_too(
    resources: Resources, cast: Cast, exists: bool
) -> None:
    alice = await cast.person("alice")
    login = alice["user"]["username"] if exists else secrets.token_hex(8)
    limits = limits_of(resources)
    for number in range(EVERYBODYS_TIMES - 1):
        strangers = GUESS_LIMITS.failures_of_strangers
        assert await limits.take_failure(f"login:{login}", strangers, str(number)) == 0
    codes = [await _try(resources, login, "wrong password", _an_address()) for _ in range(2)]
    assert codes == ["wrong_credentials", "too_many_sign_ins"]
    known = await _try(resources, login, PASSWORD, _an_address(), alice["device_token"])
    assert known == ("signed_in" if exists else "too_many_sign_ins")


async def test_a_known_device_counts_with_the_sessions_and_then_by_its_address(
    resources: Resources, cast: Cast
) -> None:
    alice = await cast.person("alice")
    user, token, address = alice["user"], alice["device_token"], _an_address()
    codes = await _fail(resources, user["username"], 2 * TIMES + 1, address, token)
    assert codes.count("wrong_credentials") == 2 * TIMES
    assert codes.count("too_many_sign_ins") == 1
    known = await find_credentials(resources.group, user["id"])
    with pytest.raises(TooManyGuesses):
        await resources.passwords.prove_signed_in(user["id"], known, PASSWORD)
    elsewhere = _an_address()
    assert await _try(resources, user["username"], PASSWORD, elsewhere, token) == "signed_in"


async def test_a_device_token_serves_its_own_account_only(resources: Resources, cast: Cast) -> None:
    alice, mallory = await cast.person("alice"), await cast.person("mallory")
    login, address, token = alice["user"]["username"], _an_address(), mallory["device_token"]
    codes = await _fail(resources, login, TIMES + 1, address, token)
    assert codes.count("too_many_sign_ins") == 1
    for made_up in ("", "rtd_1.1.x", alice["session"]["access_token"], "\0", "x" * 10_000):
        assert await _try(resources, login, PASSWORD, address, made_up) == "too_many_sign_ins"


async def test_one_password_for_many_names_is_slowed_by_address(
    resources: Resources, cast: Cast
) -> None:
    spraying, alice = _an_address(), await cast.person("alice")
    limits, key = limits_of(resources), f"address:{source_of(spraying)}"
    failures = GUESS_LIMITS.failures_of_address
    for number in range(failures.times_max - 1):
        assert await limits.take_failure(key, failures, str(number)) == 0
    login = alice["user"]["username"]
    # What is right counts for nobody, so that a house full of people signs in.
    assert await _try(resources, login, PASSWORD, spraying) == "signed_in"
    assert await _fail(resources, secrets.token_hex(8), 1, spraying) == ["wrong_credentials"]
    assert await _fail(resources, secrets.token_hex(8), 1, spraying) == ["too_many_sign_ins"]
    assert await _try(resources, login, PASSWORD, spraying) == "too_many_sign_ins"
    token = alice["device_token"]
    assert await _try(resources, login, PASSWORD, spraying, token) == "signed_in"
