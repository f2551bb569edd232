"""The directory of unique names: reserve, create the account, confirm.

An unconfirmed reservation expires. Before it is taken over or released, `accounts.keeps_name` must
make sure that its account cannot come to need it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from services.users.domain.names import RESERVATION, RETIREMENT, Name, shard_of_name, taken
from shared.sharding.shard_group import ShardGroup
from shared.sql_files import load_queries

_SQL = load_queries(Path(__file__).with_suffix(".sql"))


@dataclass(frozen=True, slots=True)
class Holder:
    """The holder of a name: a user id, perhaps not existing yet, and the reserving request."""

    user_id: int
    request: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A name's entry; `has_expired` goes by its database's clock."""

    holder: Holder
    is_confirmed: bool
    expires_at: datetime | None
    has_expired: bool


async def reserve_free_name(
    group: ShardGroup, name: Name, holder: Holder, digests: Sequence[bytes] = ()
) -> int | None:
    """Reserve a free name and return its user id; None if another request holds it.

    If this request had reserved the name before, the id is the earlier one. Raises `taken` if one
    of the digests is held after a deletion.
    """
    async with group.writer(_shard(group, name)) as tx:
        user_id: int | None = await tx.value(
            _SQL["reserve_free_name"],
            kind=name.kind,
            key=name.key,
            user_id=holder.user_id,
            holder=holder.request,
            lasts=RESERVATION,
        )
        # A statement of its own: the first one may have waited for the deletion that holds it.
        if digests and await tx.value(_SQL["is_held"], digests=list(digests)):
            raise taken(name)
    return user_id


async def is_held(group: ShardGroup, name: Name, digests: Sequence[bytes]) -> bool:
    """Whether the name of a deleted account is still kept from everybody."""
    reader = group.reader(_shard(group, name))
    return bool(await reader.value(_SQL["is_held"], digests=list(digests)))


async def find_entry(group: ShardGroup, name: Name) -> Entry | None:
    """The entry of a name, reserved or confirmed."""
    reader = group.reader(_shard(group, name))
    row = await reader.row(_SQL["find_entry"], kind=name.kind, key=name.key)
    if row is None:
        return None
    return Entry(
        Holder(row["user_id"], row["holder"]),
        row["state"] == "confirmed",
        row["expires_at"],
        row["has_expired"],
    )


async def holders_of_names(group: ShardGroup, names: Sequence[Name]) -> dict[str, int]:
    """User ids by key for names of one kind, reserved or confirmed; one statement per primary."""
    rows = await group.rows_across(
        _SQL["holders_of_names"],
        {_shard(group, name) for name in names},
        kind=names[0].kind,
        keys=[name.key for name in names],
    )
    return {row["name_key"]: row["user_id"] for row in rows}


async def take_over(group: ShardGroup, name: Name, expired: Entry, holder: Holder) -> bool:
    """Reserve a name that its holder can no longer use; False if another request was faster."""
    async with group.writer(_shard(group, name)) as tx:
        changed = await tx.execute(
            _SQL["take_over"],
            kind=name.kind,
            key=name.key,
            user_id=holder.user_id,
            holder=holder.request,
            lasts=RESERVATION,
            from_user_id=expired.holder.user_id,
            from_holder=expired.holder.request,
            from_expires_at=expired.expires_at,
        )
    return changed == 1


async def confirm(group: ShardGroup, name: Name, user_id: int) -> None:
    """Make a reservation permanent, now that the account exists; repeatable."""
    async with group.writer(_shard(group, name)) as tx:
        await tx.execute(_SQL["confirm"], kind=name.kind, key=name.key, user_id=user_id)


async def retire(group: ShardGroup, name: Name, user_id: int) -> None:
    """Free a name that its owner has given up, after a while; repeatable."""
    async with group.writer(_shard(group, name)) as tx:
        await tx.execute(
            _SQL["retire"], kind=name.kind, key=name.key, user_id=user_id, lasts=RETIREMENT
        )


async def leave(group: ShardGroup, name: Name, user_id: int) -> None:
    """Delete a confirmed name whose owner now has another key; repeatable."""
    async with group.writer(_shard(group, name)) as tx:
        await tx.execute(_SQL["leave"], kind=name.kind, key=name.key, user_id=user_id)


async def release(group: ShardGroup, name: Name, holder: Holder) -> None:
    """Delete a reservation that no account can need any more."""
    async with group.writer(_shard(group, name)) as tx:
        await tx.execute(
            _SQL["release"],
            kind=name.kind,
            key=name.key,
            user_id=holder.user_id,
            holder=holder.request,
        )


def _shard(group: ShardGroup, name: Name) -> int:
    return shard_of_name(name, group.shard_count)
