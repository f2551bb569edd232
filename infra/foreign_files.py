"""Reads what other accounts write, without trusting the kind, the size or the text of a file."""

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

# Longer than any line of ours, tracebacks included.
LINE_BYTES_MAX = 1_048_576
# Far above the bounds of logs and traces; a file with holes may claim to have terabytes.
FILE_BYTES_MAX = 1_073_741_824

_ODD = "\N{REPLACEMENT CHARACTER}"


def open_foreign(file: Path) -> BinaryIO:
    """Open a regular file; raises OSError for links, pipes, devices and folders."""
    # A link or a pipe could make its reader open or wait for what is not meant for it.
    descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(f"{file} is no regular file")
    return os.fdopen(descriptor, "rb")


def foreign_lines(
    file: Path, *, line_bytes_max: int = LINE_BYTES_MAX, file_bytes_max: int = FILE_BYTES_MAX
) -> Iterator[str]:
    """Yield the lines of a file with their ends; none if it is gone, or no regular file.

    A longer line is cut, and so is a larger file.
    """
    with suppress(OSError), open_foreign(file) as handle:
        left, is_rest = file_bytes_max, False
        while left > 0 and (part := handle.readline(min(line_bytes_max, left))):
            left -= len(part)
            if not is_rest:
                yield part.decode("utf-8", "replace")
            is_rest = not part.endswith(b"\n")


def printable(text: str) -> str:
    """Return one line that cannot steer a terminal: no escapes, controls or turned directions."""
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else " " if character == "\t" else _ODD
        for character in text
    )
