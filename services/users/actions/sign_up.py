"""Creates an account with its first session: reserve names, commit, confirm names."""

import hashlib
import secrets
from datetime import UTC, datetime

from prometheus_client import Counter

from services.users.actions.begin_proof import begin_proof
from services.users.actions.confirm_names import NAMES_TOPIC, confirm_names_now, names_event
from services.users.actions.give_names_back import give_names_back
from services.users.actions.reserve_names import reserve_names
from services.users.domain.mails import language_of
from services.users.domain.names import email_of, hashed_shard, username_of
from services.users.domain.profiles import new_profile
from services.users.domain.session_tokens import SessionTokens
from services.users.domain.sign_up_form import SignUpForm, check_sign_up_form, trimmed
from services.users.domain.signed_in import opened_session, reply_of_opened, signed_in_reply
from services.users.domain.usernames import UsernameTaken
from services.users.store.accounts import NewAccount, insert_account, new_user_id
from services.users.store.directory import Holder
from services.users.store.mail_limits import MailLimits
from services.users.store.password_guard import PasswordGuard
from services.users.store.sessions import NewSession, insert_session
from shared.contracts.people import SignedIn
from shared.errors import IdempotencyKeyReused, Overloaded, Unavailable
from shared.sharding.idempotency import IdempotentRequest, Reply, once
from shared.sharding.shard_group import ShardGroup
from shared.sharding.transaction import Transaction

SIGN_UPS = Counter("retrato_users_sign_ups_total", "Accounts created.")


class SignUpOvertaken(Unavailable):
    """It took so long that another account may have the names; a retry starts over."""

    code = "sign_up_overtaken"
    title = "Signing up took too long; try again."


class _NotAnsweredYet(Exception):
    """No reply is recorded for this request."""


async def sign_up(
    group: ShardGroup,
    passwords: PasswordGuard,
    limits: MailLimits,
    tokens: SessionTokens,
    form: SignUpForm,
    idempotency_key: str | None,
) -> SignedIn:
    """The account and its session; the same key and form get the same reply again.

    Raises Invalid, UsernameTaken, IdempotencyKeyReused and RequestInProgress. There is
    no user yet, so the key picks the shard of both record and account. Strangers share the keys:
    one means something only together with both names.
    """
    form = trimmed(form)
    check_sign_up_form(form)
    requests = _requests(tokens, form, idempotency_key or secrets.token_hex(), group.shard_count)
    try:
        made = await _make_account(group, passwords, limits, tokens, form, requests[0])
    except UsernameTaken:
        # Perhaps this very request took them: in an earlier or concurrent attempt.
        recorded = [reply for each in requests if (reply := await _recorded(group, each))]
        if not recorded:
            raise
        made = recorded[0]
    return signed_in_reply(
        tokens,
        new_profile(made["user_id"], form.username, form.email),
        reply_of_opened(tokens, made),
    )


def _requests(
    tokens: SessionTokens, form: SignUpForm, key: str, shard_count: int
) -> tuple[IdempotentRequest, ...]:
    """The request as it is recorded, then as it was by a token key that is being replaced."""
    said = (form.username, form.email, form.password, form.device)
    names = (username_of(form.username).key, email_of(form.email).key)
    scopes = (tokens.fingerprint(*names), *tokens.other_fingerprints(*names))
    bodies = (tokens.fingerprint(*said), *tokens.other_fingerprints(*said))
    shard = hashed_shard(key, shard_count)
    return tuple(
        IdempotentRequest(f"sign_up:{scope.hex()}:", key, body, shard)
        for scope, body in zip(scopes, bodies, strict=True)
    )


async def _recorded(group: ShardGroup, request: IdempotentRequest) -> Reply | None:
    """Another attempt's recorded reply; raises IdempotencyKeyReused and RequestInProgress."""

    async def only_look(_tx: Transaction) -> Reply:
        raise _NotAnsweredYet

    try:
        return await once(group, request, only_look)
    except _NotAnsweredYet:
        return None


async def _make_account(
    group: ShardGroup,
    passwords: PasswordGuard,
    limits: MailLimits,
    tokens: SessionTokens,
    form: SignUpForm,
    request: IdempotentRequest,
) -> Reply:
    # An address is whoever's reads it, so it is claimed when it is verified: a sign-up does not
    # tell whether somebody has it.
    names = (username_of(form.username),)
    # Only the same request shares it: a later attempt finds the reservations of a killed one.
    claim = hashlib.sha256(request.key.encode() + request.body_hash).hexdigest()
    user_id = await new_user_id(group, request.shard)
    holder = await reserve_names(group, tokens, names, Holder(user_id, claim))

    names_change = names_event(holder.user_id, confirmed=names)

    async def commit(tx: Transaction) -> Reply:
        account = NewAccount(
            holder.user_id, form.username, form.email, password_hash, language_of(form.language)
        )
        if not await insert_account(tx, account):
            raise SignUpOvertaken(retry_after_s=1)
        new = NewSession(holder.user_id, form.device, datetime.now(UTC))
        session = await insert_session(tx, new, tokens)
        await tx.publish(NAMES_TOPIC, names_change)
        if may_get_mail:
            await begin_proof(tx, holder.user_id, "verify_address", form.email, account.language)
        tx.count_after_commit(SIGN_UPS)
        return {"user_id": holder.user_id, **opened_session(session)}

    try:
        password_hash = await passwords.hash(form.password)
        # One message too many is left out, and the app can ask for it later.
        may_get_mail = await limits.wait_ms(form.email) == 0
        made = await once(group, request, commit)
    except (Overloaded, SignUpOvertaken, IdempotencyKeyReused):
        await give_names_back(group, names, holder)
        raise
    if made["user_id"] == holder.user_id:
        await confirm_names_now(group, names_change)
    else:
        # The account was created long ago and renamed since, so it no longer needs these names.
        await give_names_back(group, names, holder)
    return made
