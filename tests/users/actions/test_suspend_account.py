"""A suspended account is signed out and hidden everywhere, and complete when reinstated."""

import asyncio

import pytest

from services.users.actions.cards_by_ids import cards_by_ids
from services.users.actions.get_visible_profile import get_visible_profile
from services.users.actions.sign_in import AccountSuspended, SignInForm, sign_in
from services.users.actions.suspend_account import reinstate, suspend_account
from services.users.domain.passwords import WrongCredentials
from services.users.resources import Resources
from shared.contracts.people import SignedIn
from shared.errors import NotFound, SessionEnded
from tests.users.cast import PASSWORD, Cast
from tests.users.session_check import check_session


async def _sign_in(resources: Resources, person: SignedIn, password: str = PASSWORD) -> SignedIn:
    form = SignInForm(person["user"]["username"], password, "tablet")
    return await sign_in(
        resources.group, resources.passwords, resources.mail_limits, resources.tokens, form, None
    )


async def _suspend(resources: Resources, user_id: int) -> bool:
    return await suspend_account(resources.group, resources.sessions, user_id)


async def test_all_sessions_end_and_only_the_password_owner_learns_why(
    resources: Resources, cast: Cast
) -> None:
    alice = await cast.person("alice")
    assert await _suspend(resources, alice["user"]["id"])
    token = alice["session"]["access_token"]
    with pytest.raises(SessionEnded):
        await check_session(resources, token)
    with pytest.raises(AccountSuspended):
        await _sign_in(resources, alice)
    with pytest.raises(WrongCredentials):
        await _sign_in(resources, alice, "not the password")


async def test_nobody_finds_the_person_until_the_account_is_reinstated(
    resources: Resources, cast: Cast
) -> None:
    alice, bob = await cast.user_ids("alice", "bob")
    await _suspend(resources, alice)
    assert await cards_by_ids(resources.group, bob, [alice, bob]) == await cards_by_ids(
        resources.group, bob, [bob]
    )
    with pytest.raises(NotFound):
        await get_visible_profile(resources.group, bob, alice)
    assert await reinstate(resources.group, alice)
    assert list(await cards_by_ids(resources.group, bob, [alice])) == [alice]


async def test_a_reinstated_account_can_sign_in_again(resources: Resources, cast: Cast) -> None:
    alice = await cast.person("alice")
    await _suspend(resources, alice["user"]["id"])
    await reinstate(resources.group, alice["user"]["id"])
    assert (await _sign_in(resources, alice))["user"]["id"] == alice["user"]["id"]


async def test_a_suspension_that_changes_nothing_returns_false(
    resources: Resources, cast: Cast
) -> None:
    (alice,) = await cast.user_ids("alice")
    assert not await reinstate(resources.group, alice)
    assert await _suspend(resources, alice)
    assert not await _suspend(resources, alice)
    assert not await _suspend(resources, alice + 1)


async def test_a_session_opened_during_the_suspension_ends_too(
    resources: Resources, cast: Cast
) -> None:
    alice = await cast.person("alice")
    opening = [asyncio.create_task(_sign_in(resources, alice)) for _ in range(6)]
    await _suspend(resources, alice["user"]["id"])
    for opened in await asyncio.gather(*opening, return_exceptions=True):
        if isinstance(opened, BaseException):
            assert isinstance(opened, AccountSuspended | WrongCredentials)
            continue
        token = opened["session"]["access_token"]
        with pytest.raises(SessionEnded):
            await check_session(resources, token)
