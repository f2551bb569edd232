"""Opens a session for a caller who knows the password."""

from dataclasses import dataclass
from datetime import UTC, datetime

from prometheus_client import Counter

from services.users.actions.find_login import find_login, key_of_login
from services.users.actions.forget_sessions import SESSIONS_TOPIC
from services.users.domain.mails import Mail
from services.users.domain.names import names_of_login
from services.users.domain.passwords import WrongCredentials
from services.users.domain.session_tokens import SessionTokens
from services.users.domain.sign_in_limits import source_of
from services.users.domain.signed_in import opened_session, reply_of_opened, signed_in_reply
from services.users.domain.texts import DEVICE_CHARACTERS_MAX, line_fault
from services.users.store.accounts import (
    Credentials,
    change_password_hash,
    lock_credentials,
)
from services.users.store.mail_limits import MailLimits
from services.users.store.mails import queue_mail
from services.users.store.password_guard import PasswordGuard, SignInAttempt
from services.users.store.profiles import find_profile
from services.users.store.sessions import NewSession, end_surplus_sessions, insert_session
from shared.contracts.people import SignedIn
from shared.errors import AppError, FieldError, Forbidden, Invalid
from shared.sharding.idempotency import IdempotentRequest, Reply, once
from shared.sharding.shard_group import ShardGroup
from shared.sharding.transaction import Transaction


class AccountSuspended(Forbidden):
    """Only a caller who knows the password learns this."""

    code = "account_suspended"
    title = "This account has been suspended."


SIGN_INS = Counter("retrato_users_sign_ins_total", "Tries to sign in.", ["outcome"])
_OPENED = SIGN_INS.labels("opened")


@dataclass(frozen=True, slots=True)
class SignInForm:
    """`login` is a username or an e-mail address; `device` names the session.

    `address` is the client's; without it, only the name limits the tries. `device_token` is that
    of the last sign-in on this device, or anything else.
    """

    login: str
    password: str
    device: str
    address: str | None = None
    device_token: str = ""


async def sign_in(
    group: ShardGroup,
    passwords: PasswordGuard,
    limits: MailLimits,
    tokens: SessionTokens,
    form: SignInForm,
    idempotency_key: str | None,
) -> SignedIn:
    """A new session; raises TooManySignIns, WrongCredentials and AccountSuspended.

    The work is the same whether or not the account exists.
    """
    try:
        reply = await _sign_in(group, passwords, limits, tokens, form, idempotency_key)
    except AppError as refused:
        SIGN_INS.labels(refused.code).inc()
        raise
    _OPENED.inc()
    return reply


async def _sign_in(
    group: ShardGroup,
    passwords: PasswordGuard,
    limits: MailLimits,
    tokens: SessionTokens,
    form: SignInForm,
    idempotency_key: str | None,
) -> SignedIn:
    _check_device(form.device)
    login = form.login.strip()
    found = await find_login(group, login)
    name = key_of_login(names_of_login(login), login)
    before = tokens.signed_in_before(form.device_token)
    credentials = await passwords.prove_to_sign_in(
        found, SignInAttempt(name, form.address, form.password, before)
    )
    if credentials.is_suspended:
        raise AccountSuspended
    news = await _news(limits, credentials, form, before)
    opened = await _open_session(group, tokens, credentials, form, idempotency_key, news)
    await _renew_hash(group, passwords, credentials, form.password)
    person = await find_profile(group, credentials.user_id)
    if person is None:
        raise WrongCredentials
    return signed_in_reply(tokens, person, reply_of_opened(tokens, opened))


def _check_device(device: str) -> None:
    fault = line_fault(device, DEVICE_CHARACTERS_MAX)
    if fault is not None:
        raise Invalid(errors=[FieldError("device", fault)])


async def _news(
    limits: MailLimits, credentials: Credentials, form: SignInForm, before: int | None
) -> Mail | None:
    """The notice of a sign-in on a device that did not know the password before."""
    if not credentials.is_verified or before == credentials.user_id:
        return None
    if await limits.wait_ms(credentials.email) > 0:
        # The list of devices shows it in any case.
        return None
    facts = {
        "device": form.device,
        "network": source_of(form.address) if form.address else "",
        "at": f"{datetime.now(UTC):%Y-%m-%d %H:%M}",
    }
    return Mail(credentials.user_id, "new_sign_in", credentials.email, credentials.language, facts)


async def _open_session(
    group: ShardGroup,
    tokens: SessionTokens,
    credentials: Credentials,
    form: SignInForm,
    idempotency_key: str | None,
    news: Mail | None,
) -> Reply:
    async def open_session(tx: Transaction) -> Reply:
        if not await lock_credentials(tx, credentials):
            # The password was changed while this one was being verified.
            raise WrongCredentials
        new = NewSession(credentials.user_id, form.device, datetime.now(UTC))
        session = await insert_session(tx, new, tokens)
        ended = await end_surplus_sessions(tx, credentials.user_id, new.now)
        if ended:
            await tx.publish(SESSIONS_TOPIC, {"ended": ended})
        if news is not None:
            await queue_mail(tx, news)
        return opened_session(session)

    shard = group.shard_of(credentials.user_id)
    if idempotency_key is None:
        async with group.writer(shard) as tx:
            return await open_session(tx)
    said = (form.login, form.password, form.device)
    request = IdempotentRequest(
        f"sign_in:{credentials.user_id}",
        idempotency_key,
        tokens.fingerprint(*said),
        shard,
        tokens.other_fingerprints(*said),
    )
    return await once(group, request, open_session)


async def _renew_hash(
    group: ShardGroup, passwords: PasswordGuard, verified: Credentials, password: str
) -> None:
    """Hash it as it is done now; only here is the password at hand."""
    password_hash = await passwords.renewed_hash(verified, password)
    if password_hash is None:
        return
    async with group.writer(group.shard_of(verified.user_id)) as tx:
        await change_password_hash(tx, verified, password_hash)
