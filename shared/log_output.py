"""Writes log lines to standard output in batches of a tenth of a second."""

import asyncio
import atexit
import threading
from typing import BinaryIO

BATCH_BYTES_MAX = 65_536
LATER_S = 0.1


class LineOutput:
    """The logger that structlog calls: each level has a method that takes a rendered line.

    Lines are batched because a write costs more than rendering a line. The process that reads them
    and writes the files also works once per write.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        # Worker threads log too.
        self._lock = threading.Lock()
        self._waiting: list[bytes] = []
        self._bytes = 0
        atexit.register(self.flush)

    def info(self, line: bytes) -> None:
        """Write the line within LATER_S; at once if no event loop runs in this thread."""
        self._add(line)
        if self._bytes > BATCH_BYTES_MAX:
            self.flush()
        elif len(self._waiting) == 1:
            self._flush_later()

    def warning(self, line: bytes) -> None:
        """Write the line at once, after all waiting lines."""
        self._add(line)
        self.flush()

    debug = info
    error = critical = fatal = exception = warning

    def flush(self) -> None:
        """Write all waiting lines."""
        with self._lock:
            lines, self._waiting, self._bytes = self._waiting, [], 0
            if lines:
                self._file.write(b"\n".join([*lines, b""]))
                self._file.flush()

    def _add(self, line: bytes) -> None:
        with self._lock:
            self._waiting.append(line)
            self._bytes += len(line)

    def _flush_later(self) -> None:
        try:
            asyncio.get_running_loop().call_later(LATER_S, self.flush)
        except RuntimeError:
            self.flush()
