"""A forgotten password: a code of the address sets a new one, and says nothing to strangers."""

import secrets
from datetime import timedelta

import pytest

from services.users.actions.ask_reset import ask_reset, begin_reset
from services.users.actions.reset_password import ResetForm, reset_password
from services.users.actions.sign_in import SignInForm, sign_in
from services.users.domain.mails import TooManyMails
from services.users.domain.passwords import WrongCredentials
from services.users.domain.proofs import WRONG_MAX, WrongCode
from services.users.domain.sign_in_limits import TooManySignIns
from services.users.resources import Resources
from shared.contracts.people import Profile, SignedIn
from shared.errors import Invalid, SessionEnded
from shared.sql_files import parse_query
from tests.users.cast import PASSWORD, Cast
from tests.users.mail_server import Mailbox, deliver
from tests.users.session_check import check_session

_NEW = "staple incorrectly battery"
_AGE = parse_query(
    "age",
    "UPDATE :schema.proof SET expires_at = expires_at - :by::interval WHERE user_id = :user_id",
)
_SUSPEND = parse_query(
    "suspend", "UPDATE :schema.account SET suspended_at = now() WHERE id = :user_id"
)


async def _asked(resources: Resources, mail: Mailbox, login: str, user: Profile) -> None:
    payload = {"login": login, "language": "en"}
    await begin_reset(resources.group, resources.mail_limits, payload)
    await deliver(resources, mail, user["id"])


async def _reset(resources: Resources, **form: str | None) -> None:
    await reset_password(
        resources.group,
        resources.passwords,
        resources.sessions,
        resources.codes,
        ResetForm(**{"new_password": _NEW, **form}),  # type: ignore[arg-type]
    )


async def _signs_in(resources: Resources, login: str, password: str) -> SignedIn:
    form = SignInForm(login, password, "")
    return await sign_in(
        resources.group, resources.passwords, resources.mail_limits, resources.tokens, form, None
    )


def _another(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06}"


@pytest.mark.parametrize("by", ["username", "email"])
async def test_the_code_sets_a_new_password_and_ends_all_sessions(
    resources: Resources, cast: Cast, mail: Mailbox, by: str
) -> None:
    alice = await cast.reader("alice")
    user, login = alice["user"], str(alice["user"][by])  # type: ignore[literal-required]
    await _asked(resources, mail, login, user)
    await _reset(resources, login=login, code=mail.code_to(user["email"]))
    with pytest.raises(SessionEnded):
        await check_session(resources, alice["session"]["access_token"])
    with pytest.raises(WrongCredentials):
        await _signs_in(resources, user["username"], PASSWORD)
    assert await _signs_in(resources, user["username"], _NEW)
    await deliver(resources, mail, user["id"])
    subjects = [message["Subject"] for message in mail.messages_to(user["email"])]
    assert "Your password has been changed" in subjects


async def test_the_link_does_it_too_and_once(
    resources: Resources, cast: Cast, mail: Mailbox
) -> None:
    user = (await cast.reader("alice"))["user"]
    await _asked(resources, mail, user["username"], user)
    link = mail.link_to(user["email"])
    await _reset(resources, link=link)
    assert await _signs_in(resources, user["username"], _NEW)
    with pytest.raises(WrongCode):
        await _reset(resources, link=link, new_password="another one entirely")


async def test_five_wrong_codes_end_the_right_one(
    resources: Resources, cast: Cast, mail: Mailbox
) -> None:
    user = (await cast.reader("alice"))["user"]
    await _asked(resources, mail, user["username"], user)
    code = mail.code_to(user["email"])
    for _guess in range(WRONG_MAX):
        with pytest.raises(WrongCode):
            await _reset(resources, login=user["username"], code=_another(code))
    with pytest.raises(WrongCode):
        await _reset(resources, login=user["username"], code=code)


@pytest.mark.parametrize("exists", [True, False])
async def test_ten_wrong_codes_of_a_login_are_all_that_a_stranger_has(
    resources: Resources, cast: Cast, exists: bool
) -> None:
    login = (await cast.reader("alice"))["user"]["username"] if exists else secrets.token_hex(8)
    for _guess in range(10):
        with pytest.raises(WrongCode):
            await _reset(resources, login=login, code="000000", address="203.0.113.7")
    with pytest.raises(TooManySignIns):
        await _reset(resources, login=login, code="000000", address="203.0.113.7")


async def test_a_code_ends_after_half_an_hour(
    resources: Resources, cast: Cast, mail: Mailbox
) -> None:
    user = (await cast.reader("alice"))["user"]
    await _asked(resources, mail, user["username"], user)
    code, link, group = mail.code_to(user["email"]), mail.link_to(user["email"]), resources.group
    async with group.writer(group.shard_of(user["id"])) as tx:
        await tx.execute(_AGE, user_id=user["id"], by=timedelta(minutes=30))
    for form in ({"login": user["username"], "code": code}, {"link": link}):
        with pytest.raises(WrongCode):
            await _reset(resources, **form)


async def test_the_code_of_a_sign_up_sets_no_password(
    resources: Resources, cast: Cast, mail: Mailbox
) -> None:
    user = (await cast.person("alice"))["user"]
    await deliver(resources, mail, user["id"])
    with pytest.raises(WrongCode):
        await _reset(resources, link=mail.link_to(user["email"]))
    with pytest.raises(WrongCode):
        await _reset(resources, login=user["username"], code=mail.code_to(user["email"]))


async def test_an_unverified_address_gets_no_code(
    resources: Resources, cast: Cast, mail: Mailbox
) -> None:
    """It may be a stranger's, whom a mistyped letter must not give the account to."""
    user = (await cast.person("alice"))["user"]
    await _asked(resources, mail, user["username"], user)
    await _asked(resources, mail, user["email"], user)
    assert {message["Subject"] for message in mail.messages_to(user["email"])} == {
        "Confirm your e-mail address"
    }


async def test_a_suspended_account_gets_no_code(
    resources: Resources, cast: Cast, mail: Mailbox
) -> None:
    user, group = (await cast.reader("alice"))["user"], resources.group
    async with group.writer(group.shard_of(user["id"])) as tx:
        await tx.execute(_SUSPEND, user_id=user["id"])
    await _asked(resources, mail, user["username"], user)
    assert "Choose a new password" not in {
        message["Subject"] for message in mail.messages_to(user["email"])
    }


async def test_a_guessable_password_is_refused_and_the_code_still_counts(
    resources: Resources, cast: Cast, mail: Mailbox
) -> None:
    user = (await cast.reader("alice"))["user"]
    await _asked(resources, mail, user["username"], user)
    link = mail.link_to(user["email"])
    for password in ("password", user["username"], "short"):
        with pytest.raises(Invalid):
            await _reset(resources, link=link, new_password=password)
    await _reset(resources, link=link)


async def test_six_wishes_for_a_name_are_enough_for_an_hour(resources: Resources) -> None:
    login = secrets.token_hex(8)
    for _wish in range(6):
        await ask_reset(resources.group, resources.mail_limits, login, "en", None)
    with pytest.raises(TooManyMails):
        await ask_reset(resources.group, resources.mail_limits, login, "en", None)
