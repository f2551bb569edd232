"""Every check of a password counts its failures for the account, whatever it is for."""

import asyncio
import unicodedata
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any, Literal

import pytest

from services.users.actions.sign_in import SignInForm, sign_in
from services.users.domain.passwords import prepared
from services.users.domain.sign_in_limits import GUESS_LIMITS
from services.users.resources import Resources
from services.users.store.accounts import change_password_hash, find_credentials
from services.users.store.password_hashes import PasswordHashes
from shared.contracts.people import SignedIn
from shared.errors import Overloaded
from shared.sharding.shard_group import ShardGroup
from tests.users.cast import PASSWORD, Cast
from tests.users.guards import guard_with
from tests.users.users_api import UsersApi

NEW = "staple incorrectly"
TIMES = GUESS_LIMITS.failures_of_account.times_max

Check = Callable[[UsersApi, SignedIn, str], Awaitable[Any]]


async def _change(api: UsersApi, person: SignedIn, password: str) -> Any:
    session_id = person["session"]["id"]
    body = {"current_password": password, "new_password": NEW, "session_id": session_id}
    return await api.put("/me/password", person["user"]["id"], body)


async def _delete(api: UsersApi, person: SignedIn, password: str) -> Any:
    return await api.post("/me/deletion", {"password": password}, person["user"]["id"])


async def _export(api: UsersApi, person: SignedIn, password: str) -> Any:
    return await api.post("/me/export", {"password": password}, person["user"]["id"])


CHECKS = (_change, _delete, _export)


async def _codes(check: Check, api: UsersApi, person: SignedIn, times: int) -> Counter[str]:
    tries = (check(api, person, "another one") for _ in range(times))
    return Counter(reply.json()["code"] for reply in await asyncio.gather(*tries))


@pytest.mark.parametrize("check", CHECKS)
async def test_exactly_ten_guesses_of_a_stolen_session_are_judged(
    api: UsersApi, cast: Cast, check: Check
) -> None:
    alice = await cast.person("alice")
    codes = await _codes(check, api, alice, 3 * TIMES)
    assert codes == {"wrong_password": TIMES, "too_many_guesses": 2 * TIMES}
    # Even the right one: a refused caller learns nothing about it.
    refused = await check(api, alice, PASSWORD)
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_guesses")
    assert (
        0 < int(refused.headers["Retry-After"]) <= GUESS_LIMITS.failures_of_account.window_ms / 1000
    )


@pytest.mark.parametrize("check", CHECKS)
async def test_an_owner_who_mistypes_is_not_locked_out(
    api: UsersApi, cast: Cast, check: Check
) -> None:
    alice = await cast.person("alice")
    assert await _codes(check, api, alice, TIMES - 1) == {"wrong_password": TIMES - 1}
    assert (await check(api, alice, PASSWORD)).status_code in {202, 204}


async def test_all_checks_share_one_count(api: UsersApi, cast: Cast) -> None:
    alice = await cast.person("alice")
    times = (TIMES // 2, 1, TIMES - TIMES // 2 - 1)
    for check, some in zip(CHECKS, times, strict=True):
        assert await _codes(check, api, alice, some) == {"wrong_password": some}
    for check in CHECKS:
        assert await _codes(check, api, alice, 1) == {"too_many_guesses": 1}


async def test_a_right_password_counts_for_nobody(api: UsersApi, cast: Cast) -> None:
    alice = await cast.person("alice")
    for current, new in [(PASSWORD, PASSWORD)] * (TIMES + 1):
        body = {
            "current_password": current,
            "new_password": new,
            "session_id": alice["session"]["id"],
        }
        assert (await api.put("/me/password", alice["user"]["id"], body)).status_code == 204


async def test_an_unjudged_check_counts_no_failure(resources: Resources, cast: Cast) -> None:
    alice_id = await cast.user_id("alice")
    known = await find_credentials(resources.group, alice_id)
    full = PasswordHashes(waiting_max=-2)
    for _more in range(TIMES + 1):
        with pytest.raises(Overloaded):
            await guard_with(resources, full).prove_signed_in(alice_id, known, "another one")
    full.close()
    assert await resources.passwords.prove_signed_in(alice_id, known, PASSWORD) == known


NFC, NFD = "contrase\u00f1a segura", "contrasen\u0303a segura"


@pytest.mark.parametrize("kept", [NFC, NFD, "dos\u00a0espacios fijos", "password"])
@pytest.mark.parametrize("typed_as", ["NFC", "NFD"])
async def test_a_hash_of_the_password_as_typed_still_works_and_is_renewed(
    resources: Resources, cast: Cast, kept: str, typed_as: Literal["NFC", "NFD"]
) -> None:
    """Accounts of before: hashed as typed, and perhaps too common for today's rules."""
    group, alice = resources.group, (await cast.person("alice"))["user"]
    hashes = PasswordHashes()
    await _keep(group, alice["id"], await hashes.hash(kept))
    form = SignInForm(alice["username"], unicodedata.normalize(typed_as, kept), "")
    for _again in range(2):
        assert await sign_in(
            group, resources.passwords, resources.mail_limits, resources.tokens, form, None
        )
        known = await find_credentials(group, alice["id"])
        assert known is not None
        assert await hashes.verify(known.password_hash, prepared(kept))
    hashes.close()


async def _keep(group: ShardGroup, user_id: int, password_hash: str) -> None:
    known = await find_credentials(group, user_id)
    assert known is not None
    async with group.writer(group.shard_of(user_id)) as tx:
        assert await change_password_hash(tx, known, password_hash)
