"""Which errors of the database mean that it cannot be reached now, and not that we erred."""

import ssl

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from shared.deadlines import remaining_ms
from shared.errors import AppError, DeadlineExceeded, Unavailable

# What the driver raises: its internal error is none of its others. It says so of a connection whose
# server has just taken leave, when that has been read and the end of the line has not.
DRIVER_ERRORS = (
    OSError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)

# The server ended the session, is starting, stopping, full, or turned into a replica.
_SERVER_SAYS_LATER = (
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.InternalClientError,
)

# Two transactions met; another try finds the way free.
_TRY_AGAIN = (
    asyncpg.TransactionRollbackError,
    asyncpg.LockNotAvailableError,
    asyncpg.InvalidCachedStatementError,
)

# OpenSSL's X509_V_ERR_CERT_NOT_YET_VALID and X509_V_ERR_CERT_HAS_EXPIRED.
_NOT_NOW = (9, 10)
# The schema, or a table of it, is not where the shard map says.
NOT_HERE = (asyncpg.InvalidSchemaNameError, asyncpg.UndefinedTableError)


class ShardMoved(Unavailable):
    """The shard is on its way to another primary and has not arrived in time."""

    code = "shard_moved"
    title = "This part of the data is just being moved."


class CommitUnknown(Unavailable):
    """The connection was lost while committing: only the data tells whether it happened."""

    code = "commit_unknown"
    title = "It is not known whether this was saved; ask again with the same Idempotency-Key."


def why_unreachable(error: BaseException) -> str:
    """More than that a server cannot be reached, if the error tells it; else nothing."""
    if isinstance(error, ssl.SSLCertVerificationError) and error.verify_code in _NOT_NOW:
        return ": its certificate is not valid by the clock of this process, is that clock right?"
    return "."


def fault_of(error: BaseException, node: str, *, closed: bool) -> AppError | None:
    """What to raise instead of a driver's error; None if the error is not of that kind.

    `closed` tells whether the connection is gone, which the driver reports in several guises.
    """
    if isinstance(error, TimeoutError | asyncpg.QueryCanceledError):
        left_ms = remaining_ms()
        if left_ms is not None and left_ms <= 0:
            return DeadlineExceeded()
        return Unavailable(f"{node} did not answer in time.", retry_after_s=1)
    if isinstance(error, _SERVER_SAYS_LATER) or is_lost_connection(error, closed=closed):
        return Unavailable(f"{node} cannot be reached.", retry_after_s=1)
    if isinstance(error, _TRY_AGAIN):
        return Unavailable(f"{node} was busy with the same rows.", retry_after_s=1)
    return None


def is_gone(connection: PoolConnectionProxy, error: BaseException | None = None) -> bool:
    """Has the connection ended? The pool takes one that breaks out of our hands.

    One that the driver has lost track of is ended here, so that nobody gets it again.
    """
    try:
        if isinstance(error, asyncpg.InternalClientError):
            connection.terminate()
        return connection.is_closed()
    except asyncpg.InterfaceError:
        return True


def is_lost_connection(error: BaseException, *, closed: bool) -> bool:
    """Did the statement fail because its connection was, or went, away?"""
    if isinstance(error, OSError | asyncpg.PostgresConnectionError | asyncpg.InternalClientError):
        return not isinstance(error, TimeoutError)
    return closed and isinstance(error, asyncpg.InterfaceError | asyncpg.OperatorInterventionError)
