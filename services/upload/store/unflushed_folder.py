"""The folder of an object store on this machine that acknowledges objects before they are on disk.

rclone, the embedded store, closes and renames a file without fsync: after a power cut the last
half minute of acknowledged objects would be missing or empty. Any process that can read a file may
flush it, so this one does.
"""

import asyncio
import os
from collections.abc import Collection
from pathlib import Path


class UnflushedFolder:
    """A bucket's folder; each object is a file below it, named by its key."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def flush(self, keys: Collection[str]) -> None:
        """Return when the objects and their names are on disk; raises OSError.

        A missing file is an error: the folder is then not the one of the store that answered.
        """
        files = [self._folder / key for key in keys]
        # Side by side, because a file system writes what waits for it in one go.
        await asyncio.gather(*(asyncio.to_thread(_flush, file) for file in files))
        folders = {folder for file in files for folder in self._folders_of(file)}
        for folder in sorted(folders, reverse=True):
            await asyncio.to_thread(_flush, folder)

    def _folders_of(self, file: Path) -> list[Path]:
        """The folders in which a name may be new: the store makes a folder for each prefix."""
        return [folder for folder in file.parents if folder.is_relative_to(self._folder)]


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
