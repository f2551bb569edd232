"""Sign-in by either name; a failure does not tell which part was wrong."""

import secrets
from dataclasses import replace

import pytest
from argon2 import PasswordHasher

from services.users.actions.sign_in import SignInForm, sign_in
from services.users.domain.passwords import WrongCredentials
from services.users.domain.sessions import SESSIONS_PER_USER_MAX
from services.users.resources import Resources
from services.users.store.accounts import change_password_hash, find_credentials
from services.users.store.password_hashes import PasswordHashes
from shared.contracts.people import SignedIn
from shared.errors import IdempotencyKeyReused, Invalid
from shared.sql_files import parse_query
from tests.users.cast import PASSWORD, Cast, verify
from tests.users.guards import guard_with
from tests.users.mail_server import Mailbox, deliver, text_of
from tests.users.session_check import check_session

QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


async def _sign_in(resources: Resources, form: SignInForm, key: str | None = None) -> SignedIn:
    return await sign_in(
        resources.group, resources.passwords, resources.mail_limits, resources.tokens, form, key
    )


async def test_username_and_address_both_sign_in(resources: Resources, cast: Cast) -> None:
    alice = (await cast.reader("alice"))["user"]
    for login in (alice["username"], alice["email"], alice["email"].upper()):
        signed_in = await _sign_in(resources, SignInForm(login, PASSWORD, "tablet"))
        assert signed_in["user"] == alice


async def test_an_address_signs_in_only_once_it_is_verified(
    resources: Resources, cast: Cast
) -> None:
    """Otherwise a sign-up with somebody's address would tell whether it is free."""
    alice = (await cast.person("alice"))["user"]
    with pytest.raises(WrongCredentials):
        await _sign_in(resources, SignInForm(alice["email"], PASSWORD, ""))
    await verify(resources, alice["id"])
    assert await _sign_in(resources, SignInForm(alice["email"], PASSWORD, ""))


async def test_spaces_around_a_login_are_ignored(resources: Resources, cast: Cast) -> None:
    alice = (await cast.reader("alice"))["user"]
    for login in (f"{alice['username']} ", f" {alice['username']}", f"\u00a0{alice['email']}\t"):
        assert (await _sign_in(resources, SignInForm(login, PASSWORD, "")))["user"] == alice


async def test_each_sign_in_is_a_session_of_its_own(resources: Resources, cast: Cast) -> None:
    alice = await cast.person("alice")
    form = SignInForm(alice["user"]["username"], PASSWORD, "tablet")
    again = await _sign_in(resources, form)
    assert again["session"]["id"] != alice["session"]["id"]


@pytest.mark.parametrize(
    "login", ["nobody", "nobody@mail.example", "", "@", "nul\0byte", "x" * 300, "älice"]
)
async def test_an_unknown_account_gives_wrong_credentials(resources: Resources, login: str) -> None:
    with pytest.raises(WrongCredentials):
        await _sign_in(resources, SignInForm(login, PASSWORD, ""))


async def test_a_wrong_password_gives_the_same_error(resources: Resources, cast: Cast) -> None:
    alice = (await cast.person("alice"))["user"]
    with pytest.raises(WrongCredentials) as wrong_password:
        await _sign_in(resources, SignInForm(alice["username"], "another one", ""))
    with pytest.raises(WrongCredentials) as no_account:
        await _sign_in(resources, SignInForm(f"{alice['username'][:-1]}.x", PASSWORD, ""))
    assert wrong_password.value.detail == no_account.value.detail


async def test_a_missing_account_is_verified_against_a_dummy_hash(resources: Resources) -> None:
    passwords = _Counted(QUICK)
    with pytest.raises(WrongCredentials):
        await sign_in(
            resources.group,
            guard_with(resources, passwords),
            resources.mail_limits,
            resources.tokens,
            SignInForm("nobody", PASSWORD, ""),
            None,
        )
    assert passwords.verified == 1
    passwords.close()


async def test_a_device_is_one_printable_line(resources: Resources, cast: Cast) -> None:
    alice = (await cast.person("alice"))["user"]
    with pytest.raises(Invalid):
        await _sign_in(resources, SignInForm(alice["username"], PASSWORD, "phone\n"))


async def test_the_same_request_opens_one_session(resources: Resources, cast: Cast) -> None:
    alice = (await cast.person("alice"))["user"]
    form, key = SignInForm(alice["username"], PASSWORD, "tablet"), secrets.token_hex()
    assert await _sign_in(resources, form, key) == await _sign_in(resources, form, key)
    with pytest.raises(IdempotencyKeyReused):
        await _sign_in(resources, replace(form, device="another"), key)


async def test_beyond_the_limit_of_devices_the_oldest_is_signed_out(
    resources: Resources, cast: Cast
) -> None:
    alice = await cast.person("alice")
    form = SignInForm(alice["user"]["username"], PASSWORD, "tablet")
    quick = await _with_quick_password(resources, alice["user"]["id"])
    for _ in range(SESSIONS_PER_USER_MAX - 1):
        await sign_in(
            resources.group,
            guard_with(resources, quick),
            resources.mail_limits,
            resources.tokens,
            form,
            None,
        )
    assert await _live_count(resources, alice["user"]["id"]) == SESSIONS_PER_USER_MAX
    newest = await sign_in(
        resources.group,
        guard_with(resources, quick),
        resources.mail_limits,
        resources.tokens,
        form,
        None,
    )
    assert await _live_count(resources, alice["user"]["id"]) == SESSIONS_PER_USER_MAX
    token = newest["session"]["access_token"]
    assert await check_session(resources, token)
    quick.close()


async def test_a_hash_with_outdated_parameters_is_renewed(resources: Resources, cast: Cast) -> None:
    alice = (await cast.person("alice"))["user"]
    (await _with_quick_password(resources, alice["id"])).close()
    form = SignInForm(alice["username"], PASSWORD, "")
    await _sign_in(resources, form)
    credentials = await find_credentials(resources.group, alice["id"])
    assert credentials is not None
    assert not PasswordHashes().is_outdated(credentials.password_hash)
    await _sign_in(resources, form)


class _Counted(PasswordHashes):
    verified = 0

    async def verify(self, password_hash: str | None, password: str) -> bool:
        self.verified += 1
        return await super().verify(password_hash, password)


async def _with_quick_password(resources: Resources, user_id: int) -> PasswordHashes:
    """The account with its password under cheap parameters, and their verifier."""
    group = resources.group
    credentials = await find_credentials(group, user_id)
    assert credentials is not None
    async with group.writer(group.shard_of(user_id)) as tx:
        assert await change_password_hash(tx, credentials, QUICK.hash(PASSWORD))
    return PasswordHashes(QUICK)


async def _live_count(resources: Resources, user_id: int) -> int:
    text = "SELECT count(*) FROM :schema.session WHERE user_id = :user_id AND ended_at IS NULL"
    reader = resources.group.reader(resources.group.shard_of(user_id))
    count: int = await reader.value(parse_query("live_count", text), user_id=user_id)
    return count


async def test_a_new_device_is_told_of_and_a_known_one_is_not(
    resources: Resources, cast: Cast, mail: Mailbox
) -> None:
    alice = await cast.reader("alice")
    user, known = alice["user"], alice["device_token"]
    await _sign_in(resources, SignInForm(user["username"], PASSWORD, "phone", device_token=known))
    await deliver(resources, mail, user["id"])
    assert not mail.messages_to(user["email"])
    form = SignInForm(user["username"], PASSWORD, "a stranger's", address="203.0.113.7")
    await _sign_in(resources, form)
    await deliver(resources, mail, user["id"])
    (told,) = mail.messages_to(user["email"])
    assert told["Subject"] == "A new device is signed in"
    assert "Device: a stranger's. Network: 203.0.113.7." in text_of(told)
