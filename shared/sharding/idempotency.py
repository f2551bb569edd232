"""One effect and one reply per Idempotency-Key, recorded in the actor's shard."""

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shared.errors import IdempotencyKeyReused, RequestInProgress, Unavailable
from shared.sharding.shard_group import ShardGroup
from shared.sharding.transaction import Transaction
from shared.sql_files import load_queries

_SQL = load_queries(Path(__file__).with_suffix(".sql"))

# Longer than a write's deadline (10 s): by then a request without a reply most likely died with its
# process. If it still runs, it takes effect only if no other attempt has taken over the lease.
LEASE_SECONDS = 12.0

# We promise a day; the extra hour is for clock errors and late retries.
KEPT_SECONDS = 25 * 3600.0

# Deletes up to `:limit` requests older than `:kept_s`. A shard without requests sweeps none itself.
OLD_REQUESTS = _SQL["end_old_requests"]

Reply = dict[str, Any]


@dataclass(frozen=True, slots=True)
class IdempotentRequest:
    """A request to run once: `scope` names the route and ends in the actor's id.

    `other_hashes` are digests of the same body with keys that are being replaced; an earlier
    attempt may have recorded one of them.
    """

    scope: str
    key: str
    body_hash: bytes
    shard: int
    other_hashes: tuple[bytes, ...] = ()


async def once(
    group: ShardGroup,
    request: IdempotentRequest,
    action: Callable[[Transaction], Awaitable[Reply]],
) -> Reply:
    """Run `action` in a transaction that also records its reply, or return the recorded reply.

    If `action` raises, nothing is recorded and the key is free again. Raises IdempotencyKeyReused
    and RequestInProgress.
    """
    attempt = _new_attempt()
    async with group.writer(request.shard) as tx:
        # Without this lock a second request would wait for the first one's commit, and hold a
        # connection meanwhile.
        alone = await tx.value(_SQL["try_alone"], scope=request.scope, key=request.key)
        if not alone:
            raise RequestInProgress(retry_after_s=1)
        recorded = await _begin(tx, request, attempt, lazily=False)
        if recorded is not None:
            return recorded
        reply = await action(tx)
        await _record(tx, request, attempt, reply)
        return reply


class Attempt:
    """A request that has begun; `reply` is the recorded reply of an earlier one, if any."""

    def __init__(self, request: IdempotentRequest, attempt: int, reply: Reply | None) -> None:
        self.reply = reply
        self._request = request
        self._attempt = attempt

    async def finish(self, tx: Transaction, reply: Reply) -> None:
        """Record the reply in the transaction of the effect, in the request's shard.

        Raises RequestInProgress if the lease ran out and another attempt took over; the effect then
        rolls back.
        """
        if tx.shard != self._request.shard:
            raise ValueError("the effect and its idempotency record belong in one shard")
        await _record(tx, self._request, self._attempt, reply)


@asynccontextmanager
async def begin_once(group: ShardGroup, request: IdempotentRequest) -> AsyncIterator[Attempt]:
    """Begin a request whose action calls other services before its transaction.

    The beginning is committed at once, so that a second request gets RequestInProgress. A later
    attempt may repeat everything that the action does before `finish`.
    """
    attempt = _new_attempt()
    async with group.writer(request.shard) as tx:
        reply = await _begin(tx, request, attempt, lazily=True)
    if reply is not None:
        yield Attempt(request, attempt, reply)
        return
    try:
        yield Attempt(request, attempt, None)
    except BaseException:
        await _forget(group, request, attempt)
        raise


async def forget_requests_of(tx: Transaction, actor_id: int) -> None:
    """Delete the replies recorded for an actor; scans all of the shard's keys, about a day's."""
    await tx.execute(_SQL["forget_requests_of"], actor_id=actor_id)


async def _begin(
    tx: Transaction, request: IdempotentRequest, attempt: int, *, lazily: bool
) -> Reply | None:
    """Return None if this attempt may run, else the recorded reply."""
    row = await tx.row(
        _SQL["begin_request"],
        scope=request.scope,
        key=request.key,
        body_hash=request.body_hash,
        attempt=attempt,
        lazily=lazily,
        lease_s=LEASE_SECONDS,
        kept_s=KEPT_SECONDS,
    )
    if row is None:
        # Another request inserted its row after this statement's snapshot.
        raise RequestInProgress(retry_after_s=1)
    if row["body_hash"] not in {request.body_hash, *request.other_hashes}:
        raise IdempotencyKeyReused
    if row["mine"]:
        return None
    reply: Reply | None = row["reply"]
    if reply is None:
        raise RequestInProgress(retry_after_s=1)
    await tx.execute(_SQL["touch_request"], scope=request.scope, key=request.key)
    return reply


async def _record(tx: Transaction, request: IdempotentRequest, attempt: int, reply: Reply) -> None:
    recorded = await tx.execute(
        _SQL["record_reply"],
        scope=request.scope,
        key=request.key,
        attempt=attempt,
        reply=reply,
    )
    if not recorded:
        raise RequestInProgress(retry_after_s=1)


async def _forget(group: ShardGroup, request: IdempotentRequest, attempt: int) -> None:
    try:
        async with group.writer(request.shard) as tx:
            await tx.execute(
                _SQL["forget_request"], scope=request.scope, key=request.key, attempt=attempt
            )
    except Unavailable:
        # The lease runs out by itself; until then the key gets RequestInProgress.
        return


def _new_attempt() -> int:
    return secrets.randbits(62)
