"""A new password ends every other session, even one being opened."""

import asyncio

import pytest

from services.users.actions.change_password import PasswordChange, change_password
from services.users.actions.sign_in import SignInForm, sign_in
from services.users.domain.passwords import WrongCredentials, WrongPassword
from services.users.resources import Resources
from services.users.store.password_guard import PasswordGuard
from services.users.store.password_hashes import PasswordHashes
from shared.contracts.people import SignedIn
from shared.errors import Invalid, SessionEnded
from tests.users.cast import PASSWORD, Cast
from tests.users.guards import guard_with
from tests.users.mail_server import Mailbox, deliver
from tests.users.session_check import check_session

NEW = "staple incorrectly"


async def _sign_in(
    resources: Resources, person: SignedIn, password: str, passwords: PasswordGuard | None = None
) -> SignedIn:
    form = SignInForm(person["user"]["username"], password, "tablet")
    passwords = passwords or resources.passwords
    return await sign_in(
        resources.group, passwords, resources.mail_limits, resources.tokens, form, None
    )


async def _change(resources: Resources, person: SignedIn, current: str, new: str) -> None:
    change = PasswordChange(current, new, person["session"]["id"])
    await change_password(
        resources.group, resources.passwords, resources.sessions, person["user"]["id"], change
    )


async def _check(resources: Resources, person: SignedIn) -> None:
    token = person["session"]["access_token"]
    await check_session(resources, token)


async def test_only_the_new_password_signs_in(resources: Resources, cast: Cast) -> None:
    alice = await cast.person("alice")
    await _change(resources, alice, PASSWORD, NEW)
    assert await _sign_in(resources, alice, NEW)
    with pytest.raises(WrongCredentials):
        await _sign_in(resources, alice, PASSWORD)


async def test_other_sessions_end_at_once_and_the_callers_continues(
    resources: Resources, cast: Cast
) -> None:
    alice = await cast.person("alice")
    tablet = await _sign_in(resources, alice, PASSWORD)
    await _check(resources, tablet)
    await _change(resources, alice, PASSWORD, NEW)
    await _check(resources, alice)
    with pytest.raises(SessionEnded):
        await _check(resources, tablet)


async def test_without_the_current_password_nothing_changes(
    resources: Resources, cast: Cast
) -> None:
    alice = await cast.person("alice")
    with pytest.raises(WrongPassword):
        await _change(resources, alice, "another one", NEW)
    with pytest.raises(Invalid):
        await _change(resources, alice, PASSWORD, "short")
    assert await _sign_in(resources, alice, PASSWORD)


async def test_a_sign_in_under_way_does_not_outlive_the_change(
    resources: Resources, cast: Cast
) -> None:
    alice = await cast.person("alice")
    slow = _SlowToOpen()
    signing_in = asyncio.create_task(
        _sign_in(resources, alice, PASSWORD, guard_with(resources, slow))
    )
    await slow.verified.wait()
    await _change(resources, alice, PASSWORD, NEW)
    slow.go_on.set()
    with pytest.raises(WrongCredentials):
        await signing_in
    slow.close()


class _SlowToOpen(PasswordHashes):
    def __init__(self) -> None:
        super().__init__()
        self.verified = asyncio.Event()
        self.go_on = asyncio.Event()

    async def verify(self, password_hash: str | None, password: str) -> bool:
        matches = await super().verify(password_hash, password)
        self.verified.set()
        await self.go_on.wait()
        return matches


async def test_a_new_password_is_told_to_the_address(
    resources: Resources, cast: Cast, mail: Mailbox
) -> None:
    alice = await cast.reader("alice")
    change = PasswordChange(PASSWORD, "staple incorrectly battery", alice["session"]["id"])
    user = alice["user"]
    await change_password(
        resources.group, resources.passwords, resources.sessions, user["id"], change
    )
    await deliver(resources, mail, user["id"])
    assert mail.messages_to(user["email"])[-1]["Subject"] == "Your password has been changed"
