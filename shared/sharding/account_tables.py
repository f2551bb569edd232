"""Tables whose rows belong to one account; each is declared once for erasure and export."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from shared.sharding.shard_group import ShardGroup
from shared.sharding.transaction import Transaction
from shared.sql_files import Query, parse_query


@dataclass(frozen=True, slots=True)
class AccountTable:
    """A table in the account's shard, where `column` holds the account's id.

    An exported table has a `document`, which contains `columns`. Its rows are in the order of
    `key`, a bigint that is unique within an account.
    """

    name: str
    column: str
    document: str | None = None
    columns: tuple[str, ...] = ()
    key: str = "id"

    def erasure(self) -> Query:
        """Return the query that deletes the rows of `:account_id`."""
        return parse_query(
            f"erase {self.name}",
            f"DELETE FROM :schema.{self.name} WHERE {self.column} = :account_id",  # noqa: S608
        )

    def page(self) -> Query:
        """Return the query for up to `:limit` rows of `:account_id` with keys above `:after`."""
        named = ", ".join(dict.fromkeys((self.key, *self.columns)))
        return parse_query(
            f"export {self.name}",
            f"SELECT {named} FROM :schema.{self.name}"  # noqa: S608
            f" WHERE {self.column} = :account_id AND {self.key} > :after"
            f" ORDER BY {self.key} LIMIT :limit",
        )


async def erase_tables(tx: Transaction, tables: Iterable[AccountTable], account_id: int) -> None:
    """Delete an account's rows from the tables; `tx` must be in the account's shard."""
    for table in tables:
        await tx.execute(table.erasure(), account_id=account_id)


async def page_of_table(
    group: ShardGroup, table: AccountTable, account_id: int, *, after: int, limit: int
) -> tuple[list[dict[str, Any]], int | None]:
    """Return rows of an account, and the key after which the next page starts, or None."""
    reader = group.reader(group.shard_of(account_id))
    rows = await reader.rows(table.page(), account_id=account_id, after=after, limit=limit)
    items = [{name: row[name] for name in table.columns} for row in rows]
    return items, rows[-1][table.key] if len(rows) == limit else None
