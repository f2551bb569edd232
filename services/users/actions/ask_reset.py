"""Takes the wish for a new password: all the rest happens in a job, so the reply tells nothing."""

from typing import Any

from services.users.actions.begin_proof import begin_proof
from services.users.actions.find_login import find_login, key_of_login
from services.users.domain.mails import language_of
from services.users.domain.names import email_of, hashed_shard, names_of_login
from services.users.store.directory import holders_of_names
from services.users.store.mail_limits import MailLimits
from shared.sharding.shard_group import ShardGroup

BEGIN_RESET_JOB = "begin_reset"


async def ask_reset(
    group: ShardGroup, limits: MailLimits, login: str, language: str, address: str | None
) -> None:
    """Queue the job; raises TooManyMails for the caller or the name, which may be nobody's."""
    login = login.strip()
    key = key_of_login(names_of_login(login), login)
    await limits.refuse_caller_if_full(address)
    await limits.refuse_name_if_full(key)
    async with group.writer(hashed_shard(key, group.shard_count)) as tx:
        await tx.enqueue(BEGIN_RESET_JOB, {"login": login, "language": language})


async def begin_reset(group: ShardGroup, limits: MailLimits, payload: dict[str, Any]) -> None:
    """Send a code to the account's address, if the login is somebody's who reads that address.

    An unverified address counts if the directory has it: accounts of before have no others.
    """
    account = await find_login(group, payload["login"])
    if account is None or account.is_suspended:
        return
    name = email_of(account.email)
    holders = await holders_of_names(group, [name])
    if not account.is_verified and holders.get(name.key) != account.user_id:
        return
    if await limits.wait_ms(account.email) > 0:
        return
    language = language_of(payload["language"])
    async with group.writer(group.shard_of(account.user_id)) as tx:
        await begin_proof(tx, account.user_id, "reset_password", account.email, language)
