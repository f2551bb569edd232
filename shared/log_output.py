"""Where log lines go: to standard output, those of a tenth of a second together."""

import asyncio
import atexit
import threading
from typing import BinaryIO

BATCH_BYTES_MAX = 65_536
LATER_S = 0.1


class LineOutput:
    """What structlog calls a logger: it has a method for each level, which takes a whole line.

    A write costs more than the making of a line, and who reads them at the other end, to put them
    into files, works once for each write.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        # A thread may log, too.
        self._lock = threading.Lock()
        self._waiting: list[bytes] = []
        self._bytes = 0
        atexit.register(self.flush)

    def info(self, line: bytes) -> None:
        """A little later; at once where no loop runs."""
        self._add(line)
        if self._bytes > BATCH_BYTES_MAX:
            self.flush()
        elif len(self._waiting) == 1:
            self._flush_later()

    def warning(self, line: bytes) -> None:
        """At once, after what came before."""
        self._add(line)
        self.flush()

    debug = info
    error = critical = fatal = exception = warning

    def flush(self) -> None:
        """Write what waits."""
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
