"""The folder of an object store on this machine that acknowledges objects before they are on disk.

rclone, the embedded store, closes and renames a file without fsync: after a power cut the last
half minute of acknowledged objects would be missing or empty. Any process that can read a file may
flush it, so this one does.
"""

import asyncio
import os
import time
from collections.abc import Collection
from pathlib import Path

# Between two system calls of the store, on a machine that may be busy. A name that is missing for
# longer does not come back.
_NAMELESS_S_MAX = 2.0
# A machine that is too busy to look often has not seen that it is missing all the time.
_LOOKS_MIN = 30
_LOOK_S = 0.01


class UnflushedFolder:
    """A bucket's folder; each object is a file below it, named by its key."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def flush(self, keys: Collection[str]) -> None:
        """Return when the objects and their names are on disk; raises OSError.

        A file that stays missing is an error: the folder is then not the one of the store that
        answered.
        """
        files = [self._folder / key for key in keys]
        # Side by side, because a file system writes what waits for it in one go.
        await asyncio.gather(*map(_flush_object, files))
        folders = {folder for file in files for folder in self._folders_of(file)}
        for folder in sorted(folders, reverse=True):
            await asyncio.to_thread(_flush, folder)

    def _folders_of(self, file: Path) -> list[Path]:
        """The folders in which a name may be new: the store makes a folder for each prefix."""
        return [folder for folder in file.parents if folder.is_relative_to(self._folder)]


async def _flush_object(file: Path) -> None:
    """Flush a file that may have no name for a moment.

    rclone replaces an object by deleting it and renaming the new one. Another try of the same job
    does that to objects that this one has just put.
    """
    given_up_s = time.monotonic() + _NAMELESS_S_MAX
    looks = 0
    while not await asyncio.to_thread(_is_flushed, file):
        looks += 1
        if looks >= _LOOKS_MIN and time.monotonic() > given_up_s:
            raise FileNotFoundError(file)
        await asyncio.sleep(_LOOK_S)


def _is_flushed(file: Path) -> bool:
    try:
        _flush(file)
    except FileNotFoundError:
        return False
    return True


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
