"""Notes the statements of a request, and logs the slow ones."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from shared.logs import get_logger
from shared.sql_files import statement_name
from shared.tracing.frames import OK, STATEMENT, current_frame

log = get_logger()


class SlowStatements:
    """From how many seconds on a statement gets a log line; None: never."""

    from_s: float | None = None


@contextmanager
def noted_statement(node: str, sql: str) -> Iterator[None]:
    """Note the statement that runs in this block."""
    began_s, outcome = time.perf_counter(), OK
    try:
        yield
    except BaseException as error:
        outcome = type(error).__name__
        raise
    finally:
        note_statement(node, sql, began_s, outcome)


def note_statement(node: str, sql: str, began_s: float, outcome: str) -> None:
    """Note a statement that has just ended; its time includes the way there and back."""
    frame = current_frame.get()
    if frame is not None:
        frame.note(STATEMENT, node, sql, began_s, outcome)
    from_s = SlowStatements.from_s
    if from_s is not None and (seconds := time.perf_counter() - began_s) >= from_s:
        log.warning(
            "slow_statement",
            statement=statement_name(sql),
            node=node,
            ms=round(seconds * 1000, 2),
            outcome=outcome or "ok",
        )
