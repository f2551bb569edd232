"""Addresses move to the keys of current rules: none is lost, and repeating changes nothing."""

import asyncio
import secrets

import pytest

from services.users.actions.move_addresses import AddressMover
from services.users.actions.sign_in import SignInForm, sign_in
from services.users.actions.sign_up import sign_up
from services.users.domain.emails import EmailTaken, email_key, former_email_key
from services.users.domain.names import Name, email_of
from services.users.domain.sign_up_form import SignUpForm
from services.users.resources import Resources
from services.users.store import directory
from services.users.store.directory import Holder
from shared.sql_files import parse_query
from tests.users.cast import PASSWORD, verify

_OF_BEFORE = parse_query(
    "of_before",
    "UPDATE :schema.account SET email_rules = 0, email_verified_at = now() WHERE id = :user_id",
)


async def _signs_up(resources: Resources, email: str) -> int:
    username = f"u{secrets.token_hex(8)}"
    form = SignUpForm(username, email, PASSWORD, "phone")
    signed_in = await sign_up(
        resources.group, resources.passwords, resources.mail_limits, resources.tokens, form, None
    )
    return signed_in["user"]["id"]


async def _claims(resources: Resources, email: str) -> int:
    """An account that has verified the address."""
    user_id = await _signs_up(resources, email)
    await verify(resources, user_id)
    return user_id


async def _signed_up_before(resources: Resources, email: str) -> int:
    """An account as an earlier release wrote it, under the key of its rules."""
    user_id, group = await _signs_up(resources, email), resources.group
    former = Name("email", former_email_key(email))
    await directory.reserve_free_name(group, former, Holder(user_id, "sign-up"))
    await directory.confirm(group, former, user_id)
    async with group.writer(group.shard_of(user_id)) as tx:
        await tx.execute(_OF_BEFORE, user_id=user_id)
    return user_id


async def _signs_in(resources: Resources, login: str) -> int:
    form = SignInForm(login, PASSWORD, "tablet")
    signed_in = await sign_in(
        resources.group, resources.passwords, resources.mail_limits, resources.tokens, form, None
    )
    return signed_in["user"]["id"]


async def _move(resources: Resources) -> int:
    return await AddressMover(resources.group).full_pass(asyncio.Event())


def _address(domain: str, local: str = "bob") -> str:
    return f"{local}{secrets.token_hex(6)}@{domain}"


@pytest.mark.parametrize("domain", ["m\u00fcnchen.example", "xn--mnchen-3ya.example", "a.example"])
async def test_an_account_of_older_rules_can_sign_in_at_any_moment(
    resources: Resources, domain: str
) -> None:
    email = _address(domain)
    user_id = await _signed_up_before(resources, email)
    assert await _signs_in(resources, email) == user_id
    assert await _move(resources) >= 1
    assert await _signs_in(resources, email) == user_id
    assert await _signs_in(resources, email_key(email)) == user_id
    assert await _move(resources) == 0
    assert await _signs_in(resources, email) == user_id


async def test_the_former_key_is_free_for_the_mailbox_that_owns_it(resources: Resources) -> None:
    email = _address("mail.example", "stra\u00dfe")
    user_id = await _signed_up_before(resources, email)
    with pytest.raises(EmailTaken):
        await _claims(resources, email.replace("\u00df", "ss"))
    await _move(resources)
    other_id = await _claims(resources, email.replace("\u00df", "ss"))
    assert await _signs_in(resources, email) == user_id
    assert await _signs_in(resources, email.replace("\u00df", "ss")) == other_id


async def test_a_mailbox_of_older_rules_cannot_be_taken_in_another_spelling(
    resources: Resources,
) -> None:
    email = _address("m\u00fcnchen.example")
    await _signed_up_before(resources, email)
    with pytest.raises(EmailTaken):
        await _claims(resources, email_key(email))
    await _move(resources)
    with pytest.raises(EmailTaken):
        await _claims(resources, email_key(email))


async def test_two_accounts_with_one_mailbox_both_keep_signing_in(resources: Resources) -> None:
    email = _address("m\u00fcnchen.example")
    one = await _signed_up_before(resources, email)
    other = await _signed_up_before(resources, email_key(email))
    for _ in range(2):
        await _move(resources)
        assert await _signs_in(resources, email) == one
        assert await _signs_in(resources, email_key(email)) == other


async def test_an_interrupted_move_resumes(resources: Resources) -> None:
    email = _address("m\u00fcnchen.example")
    user_id = await _signed_up_before(resources, email)
    holder = directory.Holder(user_id, f"email:{user_id}")
    assert await directory.reserve_free_name(resources.group, email_of(email), holder) == user_id
    await _move(resources)
    assert await _signs_in(resources, email) == user_id
    entry = await directory.find_entry(resources.group, email_of(email))
    assert entry is not None
    assert entry.is_confirmed
    former = Name("email", former_email_key(email))
    assert await directory.find_entry(resources.group, former) is None
