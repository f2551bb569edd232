"""Memory files: unnamed bytes whose descriptor can be handed to another process."""

import fcntl
import mmap
import os
from types import TracebackType
from typing import Self

_SIZE_IS_FINAL = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL


class MemoryFile:
    """A memory file that lives until closed; sealing makes it safe to share.

    A process that maps a file dies of SIGBUS if another one shortens it; a sealed file cannot be
    shortened.
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
        """Its length in bytes."""
        return os.fstat(self.descriptor).st_size

    def append(self, chunk: bytes) -> None:
        """Append bytes; only before it is sealed."""
        view = memoryview(chunk)
        while view:
            view = view[os.write(self.descriptor, view) :]

    def seal_content(self) -> None:
        """Seal it: from now on nobody, including this process, can change a byte."""
        fcntl.fcntl(self.descriptor, fcntl.F_ADD_SEALS, fcntl.F_SEAL_WRITE | _SIZE_IS_FINAL)

    def reserve(self, size: int) -> None:
        """Give it `size` bytes for another process to write; memory is allocated on writing."""
        os.ftruncate(self.descriptor, size)
        fcntl.fcntl(self.descriptor, fcntl.F_ADD_SEALS, _SIZE_IS_FINAL)

    def map_readable(self, size: int) -> mmap.mmap:
        """Map the first `size` bytes without copying."""
        return mmap.mmap(self.descriptor, size, prot=mmap.PROT_READ)

    def map_writable(self) -> mmap.mmap:
        """Map all of it without copying."""
        return mmap.mmap(self.descriptor, self.size)

    def close(self) -> None:
        """Close it; the memory is freed once no map of it is left."""
        os.close(self.descriptor)


class ReusedMemory:
    """A memory file that processes fill in turn; none sees what the previous one left.

    Wiping existing pages costs a sixth of the processor time of new memory, which faults and clears
    each page.
    """

    def __init__(self, name: str, size: int, kept_max: int) -> None:
        self._file = MemoryFile(name)
        self._file.reserve(size)
        self._map = self._file.map_writable()
        # Never written to, so it occupies only the kernel's single page of zeros.
        self._zeros = memoryview(bytes(kept_max))
        self._given = 0

    @property
    def descriptor(self) -> int:
        """For the process that fills it, which must have ended before `wipe`."""
        return self._file.descriptor

    def given(self, size: int) -> memoryview:
        """The first `size` bytes without copying; invalid after `wipe`."""
        self._given = size
        return memoryview(self._map)[:size].toreadonly()

    def wipe(self) -> None:
        """Zero everything: overwrite what was given, and return the rest to the system.

        The rest may not be untouched: the filling process may have written anywhere.
        """
        kept = min(self._given, len(self._zeros)) // mmap.PAGESIZE * mmap.PAGESIZE
        self._map.madvise(mmap.MADV_REMOVE, kept)
        self._map[:kept] = self._zeros[:kept]
        self._given = 0

    def close(self) -> None:
        """Close it; the memory is freed once `given` is no longer used."""
        self._file.close()
