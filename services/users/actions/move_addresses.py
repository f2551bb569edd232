"""Moves e-mail addresses to the directory keys of the current rules.

Each account stores the version of the rules that filed it, so a stopped job resumes. The new key is
reserved before the former one goes, so signing in always finds the account.
"""

import asyncio
import time

from prometheus_client import Counter

from services.users.domain.emails import email_key, former_email_key
from services.users.domain.names import Name, email_of
from services.users.store import directory
from services.users.store.accounts import addresses_of_older_rules, note_email_rules
from services.users.store.directory import Holder
from shared.errors import Unavailable
from shared.jobs.pauses import pause
from shared.logs import get_logger
from shared.sharding.shard_group import ShardGroup

_PER_SHARD = 100
# Between two searches for such accounts; nearly always there are none.
_REST_S = 60.0
# The job leaves most of the time to requests.
_WORKING_SHARE = 0.1

_MOVED = Counter(
    "retrato_users_addresses_moved_total",
    "Addresses checked for their directory key; shared: another account has the mailbox.",
    ["outcome"],
)

log = get_logger()


class AddressMover:
    """A worker's loop; several may run at once, and each may be killed at any point."""

    def __init__(self, group: ShardGroup) -> None:
        self._group = group

    async def run(self, stop: asyncio.Event) -> None:
        """Repeat passes until `stop` is set."""
        while not stop.is_set():
            try:
                await self.full_pass(stop, working_share=_WORKING_SHARE)
            except Unavailable as error:
                log.warning("some addresses could not be moved", reason=error.detail)
            await pause(stop, _REST_S)

    async def full_pass(self, stop: asyncio.Event, *, working_share: float = 1.0) -> int:
        """Move addresses until none can be moved, and return the number of accounts done.

        Raises Unavailable; a later pass resumes.
        """
        count = 0
        while not stop.is_set():
            waiting = await addresses_of_older_rules(self._group, _PER_SHARD)
            done = 0
            for shard, addresses in waiting.items():
                started_s = time.monotonic()
                done += await self._move_all(shard, addresses)
                await pause(stop, (time.monotonic() - started_s) * (1 / working_share - 1))
            if not done:
                break
            count += done
        return count

    async def _move_all(self, shard: int, addresses: dict[int, str]) -> int:
        done = [user_id for user_id, email in addresses.items() if await self._move(user_id, email)]
        if done:
            await note_email_rules(self._group, shard, done)
        return len(done)

    async def _move(self, user_id: int, email: str) -> bool:
        """Move one address; False to try it again later."""
        if email_key(email) == former_email_key(email):
            _MOVED.labels("same").inc()
            return True
        name, former = email_of(email), Name("email", former_email_key(email))
        holder = Holder(user_id, f"email:{user_id}")
        if await directory.reserve_free_name(self._group, name, holder) is None:
            entry = await directory.find_entry(self._group, name)
            if entry is None or not entry.is_confirmed:
                # A sign-up is using it right now; by the next pass that has ended.
                return False
            if entry.holder.user_id != user_id:
                # Two accounts have one mailbox: each keeps signing in with its own spelling.
                log.warning("mailbox of two accounts", user_id=user_id)
                _MOVED.labels("shared").inc()
                return True
        await directory.confirm(self._group, name, user_id)
        await directory.leave(self._group, former, user_id)
        _MOVED.labels("moved").inc()
        return True
