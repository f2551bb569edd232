"""Changing an address: the new one must be read, both are told, and the old one may undo it."""

import pytest

from services.users.actions.ask_address_change import AddressWish, ask_address_change
from services.users.actions.change_address import change_by_code
from services.users.actions.open_link import open_link
from services.users.domain.emails import EmailTaken
from services.users.domain.passwords import WrongPassword
from services.users.domain.proofs import WrongCode
from services.users.resources import Resources
from services.users.store.profiles import find_profile
from shared.contracts.people import Profile
from shared.errors import Invalid, SessionEnded
from tests.users.cast import PASSWORD, Cast, verify
from tests.users.mail_server import Mailbox, deliver, mail_link, text_of
from tests.users.session_check import check_session


async def _asks(resources: Resources, user: Profile, email: str, password: str = PASSWORD) -> None:
    await ask_address_change(
        resources.group,
        resources.passwords,
        resources.mail_limits,
        user["id"],
        AddressWish(email, password, "en"),
    )


async def _changes(resources: Resources, mail: Mailbox, user: Profile, email: str) -> None:
    await _asks(resources, user, email)
    await deliver(resources, mail, user["id"])
    await change_by_code(
        resources.group, resources.passwords, resources.codes, user["id"], mail.code_to(email)
    )
    await deliver(resources, mail, user["id"])


async def _address(resources: Resources, user: Profile) -> tuple[str, bool]:
    person = await find_profile(resources.group, user["id"])
    assert person is not None
    return person.email, person.email_is_verified


def _new(user: Profile) -> str:
    return f"{user['username']}@new.example"


async def test_the_new_address_counts_and_both_are_told(
    resources: Resources, cast: Cast, mail: Mailbox
) -> None:
    user = (await cast.reader("alice"))["user"]
    await _changes(resources, mail, user, _new(user))
    assert await _address(resources, user) == (_new(user), True)
    for told in (user["email"], _new(user)):
        newest = mail.messages_to(told)[-1]
        assert newest["Subject"] == "Your account has a new e-mail address"
        assert _new(user) in text_of(newest)


async def test_the_old_address_undoes_it_and_ends_all_sessions(
    resources: Resources, cast: Cast, mail: Mailbox
) -> None:
    alice = await cast.reader("alice")
    user = alice["user"]
    await _changes(resources, mail, user, _new(user))
    link = mail.link_to(user["email"])
    purpose = await open_link(resources.group, resources.sessions, resources.codes, link)
    assert purpose == "undo_address"
    assert await _address(resources, user) == (user["email"], True)
    with pytest.raises(SessionEnded):
        await check_session(resources, alice["session"]["access_token"])
    await deliver(resources, mail, user["id"])
    assert mail.messages_to(user["email"])[-1]["Subject"] == "Choose a new password"
    assert "undone" in mail.messages_to(_new(user))[-1]["Subject"]
    with pytest.raises(WrongCode):
        await open_link(resources.group, resources.sessions, resources.codes, link)


async def test_the_first_address_undoes_several_changes(
    resources: Resources, cast: Cast, mail: Mailbox
) -> None:
    user = (await cast.reader("alice"))["user"]
    await _changes(resources, mail, user, _new(user))
    link = mail_link(mail.messages_to(user["email"])[-1])
    await _changes(resources, mail, user, f"x{_new(user)}")
    assert "/link#" not in text_of(mail.messages_to(_new(user))[-1])
    await open_link(resources.group, resources.sessions, resources.codes, link)
    assert await _address(resources, user) == (user["email"], True)


async def test_the_former_address_is_kept_from_others(
    resources: Resources, cast: Cast, mail: Mailbox
) -> None:
    alice, bob = (await cast.reader("alice"))["user"], (await cast.reader("bob"))["user"]
    await _changes(resources, mail, alice, _new(alice))
    with pytest.raises(EmailTaken):
        await _changes(resources, mail, bob, alice["email"])


async def test_the_address_of_another_account_is_not_given_away(
    resources: Resources, cast: Cast, mail: Mailbox
) -> None:
    alice, bob = (await cast.reader("alice"))["user"], (await cast.reader("bob"))["user"]
    await _asks(resources, bob, alice["email"])
    await deliver(resources, mail, bob["id"])
    newest = mail.messages_to(alice["email"])[-1]
    assert newest["Subject"] == "You already have an account"
    assert "/link#" not in text_of(newest)
    assert await _address(resources, bob) == (bob["email"], True)


async def test_an_unverified_address_does_not_block_its_owner(
    resources: Resources, cast: Cast, mail: Mailbox
) -> None:
    squatter, owner = (await cast.person("mallory"))["user"], (await cast.reader("bob"))["user"]
    await _changes(resources, mail, owner, squatter["email"])
    assert await _address(resources, owner) == (squatter["email"], True)
    with pytest.raises(EmailTaken):
        await verify(resources, squatter["id"])


async def test_an_unverified_former_address_cannot_undo_it(
    resources: Resources, cast: Cast, mail: Mailbox
) -> None:
    user = (await cast.person("alice"))["user"]
    await _changes(resources, mail, user, _new(user))
    assert [one["Subject"] for one in mail.messages_to(user["email"])] == [
        "Confirm your e-mail address"
    ]


async def test_without_the_password_nothing_is_asked_for(
    resources: Resources, cast: Cast, mail: Mailbox
) -> None:
    user = (await cast.reader("alice"))["user"]
    with pytest.raises(WrongPassword):
        await _asks(resources, user, _new(user), "another password")
    with pytest.raises(Invalid):
        await _asks(resources, user, "no address")
    await deliver(resources, mail, user["id"])
    assert not mail.messages_to(_new(user))
