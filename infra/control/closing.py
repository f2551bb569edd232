"""Closes connections to databases whose work is done."""

import contextlib

import asyncpg

_POLITE_S = 1.0


async def close_connection(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Close a connection; one whose server does not say goodbye in time is cut.

    What was asked there has its answer, so nothing that happens here is a failure of the command.
    """
    with contextlib.suppress(TimeoutError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        await connection.close(timeout=_POLITE_S)
    # No effect on a closed one; a closing that fails does not always get so far.
    connection.terminate()
