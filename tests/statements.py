"""Counts the statements that a piece of code asks of Postgres."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from shared.sharding.node_pool import NodePool

# How far replicas are is asked twice a second, whatever else is going on.
_LOOK_AT_REPLICAS = "_lsn()"


@contextmanager
def noted_statements() -> Iterator[list[str]]:
    """The statements that are asked within the block, by whomever in this process."""
    asked: list[str] = []
    fetch = NodePool.fetch

    async def noted(node: NodePool, sql: str, *arguments: Any, **options: Any) -> Any:
        if _LOOK_AT_REPLICAS not in sql:
            asked.append(sql)
        return await fetch(node, sql, *arguments, **options)

    with patch.object(NodePool, "fetch", noted):
        yield asked
