"""Sets a new password by a code or link of a message, and ends every session."""

from dataclasses import dataclass
from datetime import UTC, datetime

from services.users.actions.find_login import NOBODY, find_login, key_of_login
from services.users.actions.forget_sessions import SESSIONS_TOPIC
from services.users.actions.prove_code import prove_code
from services.users.domain.mails import Mail
from services.users.domain.names import names_of_login
from services.users.domain.passwords import password_fault
from services.users.domain.proofs import Proof, ProofCodes, WrongCode
from services.users.store.accounts import find_credentials, set_password_hash
from services.users.store.mails import queue_mail
from services.users.store.password_guard import PasswordGuard
from services.users.store.proofs import find_proof, use_proof
from services.users.store.session_cache import SessionCache
from services.users.store.sessions import end_sessions_except
from shared.errors import FieldError, Invalid
from shared.sharding.shard_group import ShardGroup

# No session has this id.
_NONE_KEPT = 0


@dataclass(frozen=True, slots=True)
class ResetForm:
    """A link, or a login with the typed code; `address` is the client's."""

    new_password: str
    login: str = ""
    code: str = ""
    link: str = ""
    address: str | None = None


async def reset_password(
    group: ShardGroup,
    guard: PasswordGuard,
    cache: SessionCache,
    codes: ProofCodes,
    form: ResetForm,
) -> None:
    """Set it; raises WrongCode, TooManyGuesses and TooManySignIns, and Invalid for the password."""
    _check(form.new_password)
    proof = await _proof_of_link(group, codes, form.link) if form.link else None
    if proof is None:
        proof = await _proof_of_code(group, guard, codes, form)
    account = await find_credentials(group, proof.user_id)
    if account is None or account.is_suspended or account.email != proof.email:
        raise WrongCode
    # Only whoever has the code learns what the names are.
    _check(form.new_password, account.username, account.email)
    password_hash = await guard.hash(form.new_password)
    async with group.writer(group.shard_of(proof.user_id)) as tx:
        if not await use_proof(tx, proof):
            raise WrongCode
        await set_password_hash(tx, proof.user_id, password_hash)
        ended = await end_sessions_except(
            tx,
            _NONE_KEPT,
            user_id=proof.user_id,
            now=datetime.now(UTC),
            reason="password_reset",
        )
        await tx.publish(SESSIONS_TOPIC, {"ended": ended})
        news = Mail(proof.user_id, "password_changed", account.email, account.language)
        await queue_mail(tx, news)
    # At once if Redis answers; otherwise the relay repeats the event until it does.
    await cache.mark_ended(ended)


def _check(password: str, *names: str) -> None:
    fault = password_fault(password, *names)
    if fault is not None:
        raise Invalid(errors=[FieldError("new_password", fault)])


async def _proof_of_link(group: ShardGroup, codes: ProofCodes, link: str) -> Proof:
    proof_id = codes.proof_of_link(link)
    proof = None if proof_id is None else await find_proof(group, proof_id)
    if proof is None or proof.purpose != "reset_password" or not proof.counts(datetime.now(UTC)):
        raise WrongCode
    return proof


async def _proof_of_code(
    group: ShardGroup, guard: PasswordGuard, codes: ProofCodes, form: ResetForm
) -> Proof:
    login = form.login.strip()
    account = await find_login(group, login)
    user_id = NOBODY if account is None else account.user_id

    async def check() -> Proof | None:
        return await prove_code(group, codes, user_id, "reset_password", form.code)

    key = key_of_login(names_of_login(login), login)
    return await guard.prove_strangers_code(key, form.address, check)
