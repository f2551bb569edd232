"""Tells driver errors of an unreachable or busy database from errors of our own."""

import ssl

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from shared.deadlines import remaining_ms
from shared.errors import AppError, DeadlineExceeded, Unavailable

# All error classes of the driver. It raises InternalClientError, which derives from none of the
# others, when a server has announced its shutdown but the connection has not yet closed.
DRIVER_ERRORS = (
    OSError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)

# The server ended the session, is starting or stopping, is full, or became a replica.
_SERVER_SAYS_LATER = (
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.InternalClientError,
)

# Two transactions conflicted; a retry succeeds.
_TRY_AGAIN = (
    asyncpg.TransactionRollbackError,
    asyncpg.LockNotAvailableError,
    asyncpg.InvalidCachedStatementError,
)

# OpenSSL's X509_V_ERR_CERT_NOT_YET_VALID and X509_V_ERR_CERT_HAS_EXPIRED.
_NOT_NOW = (9, 10)
# The shard's schema, or a table of it, is not on the primary that the shard map names.
NOT_HERE = (asyncpg.InvalidSchemaNameError, asyncpg.UndefinedTableError)


class ShardMoved(Unavailable):
    """The shard is moving to another primary, and the map did not name it in time."""

    code = "shard_moved"
    title = "This part of the data is being moved."


class CommitUnknown(Unavailable):
    """The connection broke during a commit, so only the data tells whether it happened."""

    code = "commit_unknown"
    title = "It is not known whether this was saved; retry with the same Idempotency-Key."


def why_unreachable(error: BaseException) -> str:
    """Return the end of the sentence "X cannot be reached": a reason or a full stop."""
    if isinstance(error, ssl.SSLCertVerificationError) and error.verify_code in _NOT_NOW:
        return ": its certificate is not valid by the clock of this process, is that clock right?"
    return "."


def fault_of(error: BaseException, node: str, *, closed: bool) -> AppError | None:
    """Return the error to raise instead of a driver's error; None for an error of our own.

    `closed` tells whether the connection is gone, which the driver reports in several ways.
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
    """Whether the connection has ended; a broken one may already belong to the pool again.

    After the driver's internal error, or if the server has begun to refuse writes, this terminates
    the connection, so that it is not reused.
    """
    try:
        if isinstance(error, asyncpg.InternalClientError) or _turned_read_only(connection, error):
            connection.terminate()
        return connection.is_closed()
    except asyncpg.InterfaceError:
        return True


def _turned_read_only(connection: PoolConnectionProxy, error: BaseException | None) -> bool:
    """Whether another member may take the writes that this one has begun to refuse."""
    refuses = isinstance(error, asyncpg.ReadOnlySQLTransactionError)
    return refuses and getattr(connection, "opened_to_write", False)


def is_unknown_commit(error: BaseException, *, closed: bool) -> bool:
    """Whether a commit that ended in this error may have happened.

    Only an ERROR of the server says that it did not. The server ends a session with FATAL also
    after it has written the commit, and before it says so.
    """
    severity = getattr(error, "severity_en", None) or getattr(error, "severity", None)
    if isinstance(error, asyncpg.PostgresError) and severity is not None:
        return bool(severity != "ERROR")
    return isinstance(error, TimeoutError) or is_lost_connection(error, closed=closed)


def is_lost_connection(error: BaseException, *, closed: bool) -> bool:
    """Whether the statement failed because its connection broke; a timeout does not count."""
    if isinstance(error, OSError | asyncpg.PostgresConnectionError | asyncpg.InternalClientError):
        return not isinstance(error, TimeoutError)
    return closed and isinstance(error, asyncpg.InterfaceError | asyncpg.OperatorInterventionError)
