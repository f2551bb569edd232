"""Makes one folder equal to another, copying only files that differ in size or time."""

import os
import shutil
import stat
from pathlib import Path


def mirror(source: Path, target: Path) -> None:
    """Copy files with owners, modes and times, and remove those that the source lacks."""
    _like(source, target)
    held = {entry.name: entry for entry in os.scandir(source)}
    for entry in list(os.scandir(target)):
        if entry.name not in held:
            _remove(Path(entry.path))
    for name, entry in held.items():
        there = target / name
        if entry.is_dir(follow_symlinks=False):
            mirror(Path(entry.path), there)
        elif entry.is_file(follow_symlinks=False) and not _same(entry.stat(), there):
            if there.is_dir():
                _remove(there)
            shutil.copy2(entry.path, there)
            os.chown(there, entry.stat().st_uid, entry.stat().st_gid)


def _like(source: Path, target: Path) -> None:
    if target.exists() and not target.is_dir():
        target.unlink()
    target.mkdir(exist_ok=True)
    found = source.stat()
    os.chown(target, found.st_uid, found.st_gid)
    target.chmod(stat.S_IMODE(found.st_mode))


def _same(wanted: os.stat_result, there: Path) -> bool:
    try:
        found = there.stat(follow_symlinks=False)
    except FileNotFoundError:
        return False
    return (wanted.st_size, wanted.st_mtime_ns, wanted.st_uid, wanted.st_mode) == (
        found.st_size,
        found.st_mtime_ns,
        found.st_uid,
        found.st_mode,
    )


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()
