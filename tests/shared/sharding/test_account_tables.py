"""A table that is declared once is both exported and erased."""

import itertools

from shared.sharding.account_tables import AccountTable, erase_tables, page_of_table
from shared.sharding.shard_group import ShardGroup
from shared.sql_files import parse_query

NOTES = AccountTable("note", "owner", document="notes", columns=("id", "body"))
_INSERT = parse_query("insert", "INSERT INTO :schema.note (owner, body) VALUES (:owner, :body)")
_numbers = itertools.count(7_000_000_000)


async def _write(group: ShardGroup, owner: int, count: int) -> None:
    async with group.writer(group.shard_of(owner)) as tx:
        for number in range(count):
            await tx.execute(_INSERT, owner=owner, body={"number": number})


async def _all(group: ShardGroup, owner: int) -> list[int]:
    found: list[int] = []
    after: int | None = 0
    while after is not None:
        items, after = await page_of_table(group, NOTES, owner, after=after, limit=2)
        found += [item["body"]["number"] for item in items]
    return found


async def test_all_rows_of_an_account_are_exported_and_erased_and_no_others(
    group: ShardGroup,
) -> None:
    alice = next(_numbers) << 23
    bob = alice + 1  # In the same shard.
    await _write(group, alice, 5)
    await _write(group, bob, 1)
    assert await _all(group, alice) == [0, 1, 2, 3, 4]
    async with group.writer(group.shard_of(alice)) as tx:
        await erase_tables(tx, [NOTES], alice)
    assert await _all(group, alice) == []
    assert await _all(group, bob) == [0]
