"""Verifying an address, by the code or by the link of a message."""

import asyncio
from datetime import timedelta

import pytest

from services.users.actions.ask_verification import ask_verification
from services.users.actions.open_link import open_link
from services.users.actions.verify_address import verify_by_code
from services.users.domain.mails import TooManyMails
from services.users.domain.proofs import WRONG_MAX, WrongCode
from services.users.domain.sign_in_limits import TooManyGuesses
from services.users.domain.verification import AddressVerified
from services.users.resources import Resources
from services.users.store.profiles import find_profile
from services.users.store.verifications import find_address
from shared.contracts.people import Profile
from shared.errors import AppError
from shared.sql_files import parse_query
from tests.users.cast import Cast
from tests.users.mail_server import Mailbox, deliver

_AGE = parse_query(
    "age",
    "UPDATE :schema.proof SET expires_at = expires_at - :by::interval WHERE user_id = :user_id",
)


async def _verify(resources: Resources, user: Profile, code: str) -> None:
    await verify_by_code(resources.group, resources.passwords, resources.codes, user["id"], code)


async def _is_verified(resources: Resources, user: Profile) -> bool:
    found = await find_address(resources.group, user["id"])
    assert found is not None
    return found.is_verified


def _another(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06}"


@pytest.fixture
async def alice(resources: Resources, cast: Cast, mail: Mailbox) -> Profile:
    user = (await cast.person("alice"))["user"]
    await deliver(resources, mail, user["id"])
    return user


async def test_the_code_of_a_sign_up_verifies_the_address(
    resources: Resources, mail: Mailbox, alice: Profile
) -> None:
    assert not await _is_verified(resources, alice)
    await _verify(resources, alice, mail.code_to(alice["email"]))
    assert await _is_verified(resources, alice)
    person = await find_profile(resources.group, alice["id"])
    assert person is not None
    assert person.email_is_verified


async def test_the_link_verifies_it_too_and_once(
    resources: Resources, mail: Mailbox, alice: Profile
) -> None:
    link = mail.link_to(alice["email"])
    assert (
        await open_link(resources.group, resources.sessions, resources.codes, link)
        == "verify_address"
    )
    assert await _is_verified(resources, alice)
    with pytest.raises(WrongCode):
        await open_link(resources.group, resources.sessions, resources.codes, link)


async def test_a_code_counts_once(resources: Resources, mail: Mailbox, alice: Profile) -> None:
    code = mail.code_to(alice["email"])
    await _verify(resources, alice, code)
    with pytest.raises(WrongCode):
        await _verify(resources, alice, code)


async def test_after_five_wrong_codes_the_right_one_is_wrong(
    resources: Resources, mail: Mailbox, alice: Profile
) -> None:
    code = mail.code_to(alice["email"])
    for _try in range(WRONG_MAX):
        with pytest.raises(WrongCode):
            await _verify(resources, alice, _another(code))
    with pytest.raises(WrongCode):
        await _verify(resources, alice, code)
    assert not await _is_verified(resources, alice)


async def test_concurrent_guesses_do_not_pass_the_limit(
    resources: Resources, mail: Mailbox, alice: Profile
) -> None:
    code = mail.code_to(alice["email"])
    guesses = [_verify(resources, alice, _another(code)) for _ in range(9)]
    outcomes = await asyncio.gather(*guesses, return_exceptions=True)
    # A slow database may answer some with 503, which are guesses all the same to their caller.
    assert all(isinstance(outcome, AppError) for outcome in outcomes)
    counted = sum(isinstance(outcome, WrongCode) for outcome in outcomes)
    for _more in range(WRONG_MAX - counted):
        with pytest.raises(WrongCode):
            await _verify(resources, alice, _another(code))
    with pytest.raises(WrongCode):
        await _verify(resources, alice, code)


async def test_new_messages_do_not_give_new_guesses_for_ever(
    resources: Resources, alice: Profile
) -> None:
    for _guess in range(10):
        with pytest.raises(WrongCode):
            await _verify(resources, alice, "12345")
    await ask_verification(resources.group, resources.mail_limits, alice["id"], "en")
    with pytest.raises(TooManyGuesses):
        await _verify(resources, alice, "12345")


async def test_a_newer_message_ends_the_older_code(
    resources: Resources, mail: Mailbox, alice: Profile
) -> None:
    old, old_link = mail.code_to(alice["email"]), mail.link_to(alice["email"])
    await ask_verification(resources.group, resources.mail_limits, alice["id"], "es-MX")
    await deliver(resources, mail, alice["id"])
    new = mail.code_to(alice["email"])
    assert mail.messages_to(alice["email"])[-1]["Content-Language"] == "es"
    with pytest.raises(WrongCode):
        await open_link(resources.group, resources.sessions, resources.codes, old_link)
    if old != new:
        with pytest.raises(WrongCode):
            await _verify(resources, alice, old)
    await _verify(resources, alice, new)


async def test_a_code_ends_after_a_day(resources: Resources, mail: Mailbox, alice: Profile) -> None:
    code, link = mail.code_to(alice["email"]), mail.link_to(alice["email"])
    group = resources.group
    async with group.writer(group.shard_of(alice["id"])) as tx:
        await tx.execute(_AGE, user_id=alice["id"], by=timedelta(hours=24))
    with pytest.raises(WrongCode):
        await _verify(resources, alice, code)
    with pytest.raises(WrongCode):
        await open_link(resources.group, resources.sessions, resources.codes, link)


async def test_the_code_of_somebody_else_is_wrong(
    resources: Resources, cast: Cast, mail: Mailbox, alice: Profile
) -> None:
    bob = (await cast.person("bob"))["user"]
    await deliver(resources, mail, bob["id"])
    if mail.code_to(alice["email"]) != mail.code_to(bob["email"]):
        with pytest.raises(WrongCode):
            await _verify(resources, bob, mail.code_to(alice["email"]))


@pytest.mark.parametrize("link", ["", "1.x", "1." + "A" * 32, "f" * 16 + "." + "A" * 32])
async def test_a_made_up_link_does_nothing(resources: Resources, link: str) -> None:
    with pytest.raises(WrongCode):
        await open_link(resources.group, resources.sessions, resources.codes, link)


async def test_an_address_gets_six_messages_an_hour(resources: Resources, alice: Profile) -> None:
    for _message in range(5):
        await ask_verification(resources.group, resources.mail_limits, alice["id"], "en")
    with pytest.raises(TooManyMails):
        await ask_verification(resources.group, resources.mail_limits, alice["id"], "en")


async def test_a_verified_address_gets_no_code(
    resources: Resources, mail: Mailbox, alice: Profile
) -> None:
    await _verify(resources, alice, mail.code_to(alice["email"]))
    with pytest.raises(AddressVerified):
        await ask_verification(resources.group, resources.mail_limits, alice["id"], "en")
