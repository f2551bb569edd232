"""Memory files: bytes without a name, whose descriptor can be handed to another process."""

import fcntl
import mmap
import os
from types import TracebackType
from typing import Self

_SIZE_IS_FINAL = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL


class MemoryFile:
    """A memory file that lives until closed; sealing it makes it safe to share.

    A process that maps a file which another can shorten dies of SIGBUS; a sealed one stays.
    """

    def __init__(self, name: str) -> None:
        self.descriptor = os.memfd_create(name, os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def size(self) -> int:
        """Bytes that it holds."""
        return os.fstat(self.descriptor).st_size

    def append(self, chunk: bytes) -> None:
        """Adds to the end; only before it is sealed."""
        view = memoryview(chunk)
        while view:
            view = view[os.write(self.descriptor, view) :]

    def seal_content(self) -> None:
        """From now on nobody, we included, can change a byte."""
        fcntl.fcntl(self.descriptor, fcntl.F_ADD_SEALS, fcntl.F_SEAL_WRITE | _SIZE_IS_FINAL)

    def reserve(self, size: int) -> None:
        """Gives it `size` bytes for another process to write; memory is taken as it is written."""
        os.ftruncate(self.descriptor, size)
        fcntl.fcntl(self.descriptor, fcntl.F_ADD_SEALS, _SIZE_IS_FINAL)

    def map_readable(self, size: int) -> mmap.mmap:
        """The first `size` bytes, not copied."""
        return mmap.mmap(self.descriptor, size, prot=mmap.PROT_READ)

    def close(self) -> None:
        """Gives the memory back once no map of it is left."""
        os.close(self.descriptor)
