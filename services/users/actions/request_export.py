"""Begins a copy of the viewer's account."""

from services.users.actions.export_account import EXPORT_JOB
from services.users.domain.passwords import WrongPassword
from services.users.store.accounts import find_credentials, lock_credentials
from services.users.store.exports import request_export as write_request
from services.users.store.password_guard import PasswordGuard
from shared.sharding.shard_group import ShardGroup


async def request_export(
    group: ShardGroup, passwords: PasswordGuard, user_id: int, password: str
) -> None:
    """Begin a copy, unless one is being made; raises WrongPassword and TooManyGuesses."""
    known = await find_credentials(group, user_id)
    verified = await passwords.prove_signed_in(user_id, known, password)
    async with group.writer(group.shard_of(user_id)) as tx:
        if not await lock_credentials(tx, verified):
            # The password was changed while this one was being verified.
            raise WrongPassword
        if await write_request(tx, user_id) is not None:
            await tx.enqueue(EXPORT_JOB, {"user_id": user_id})
