"""Puts what was brought to a host in its place, as root.

`python3 placing.py bundle ARCHIVE` and `python3 placing.py code ARCHIVE FOLDER` print what has
changed. It runs as a file before anything of ours is installed, with only the standard library.
"""

import argparse
import hashlib
import json
import os
import pwd
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

_MAKE = ("useradd", "--system", "--user-group", "--no-create-home", "--home-dir=/nonexistent")
_NO_SHELL = "--shell=/usr/sbin/nologin"
UNITS = Path("/etc/systemd/system")
# Units of ours that no bundle names any more are removed.
_OURS = "retrato-*"
_LIMIT_S = 60
_STAMP = ".placed"


def main() -> None:
    """Place the bundle, or the code, of the arguments."""
    parser = argparse.ArgumentParser()
    kinds = parser.add_subparsers(dest="kind", required=True)
    bundle = kinds.add_parser("bundle")
    bundle.add_argument("archive", type=Path)
    bundle.add_argument("--units", type=Path, default=UNITS)
    code = kinds.add_parser("code")
    code.add_argument("archive", type=Path)
    code.add_argument("folder", type=Path)
    said = parser.parse_args()
    if said.kind == "code":
        changed = place_code(said.archive, said.folder)
    else:
        changed = place_archive(said.archive, said.units)
    sys.stdout.write("".join(f"{path}\n" for path in changed))


def place_archive(archive: Path, units: Path = UNITS) -> list[str]:
    """Place the bundle of an archive; returns the paths that changed."""
    # Beside the archive, whose folder only root can enter.
    with tempfile.TemporaryDirectory(dir=archive.parent) as folder, tarfile.open(archive) as packed:
        packed.extractall(folder)  # noqa: S202 - it is of our making
        return place(Path(folder), units)


def place(bundle: Path, units: Path = UNITS) -> list[str]:
    """Make accounts and folders, and replace files that differ; returns the paths that changed.

    Can be repeated after an interruption. `units` is the folder of units, other than systemd's
    where several hosts share one file system.
    """
    document = json.loads((bundle / "bundle.json").read_text(encoding="utf-8"))
    for account in document["accounts"]:
        _make_account(account)
    units.mkdir(parents=True, exist_ok=True)
    for folder in document["folders"]:
        _make_folder(folder)
    changed, kept = [], set()
    for file in document["files"]:
        path = _under(Path(file["path"]), units)
        kept.add(path)
        if _replace(bundle / file["source"], path, file):
            changed.append(str(path))
    changed += list(_remove_gone(units, kept))
    return changed


def place_code(archive: Path, folder: Path) -> list[str]:
    """Replace the code unless this archive is there already; returns what was replaced.

    Files that the archive lacks are gone afterwards: an earlier version's would still be imported.
    """
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    stamp = folder / _STAMP
    if stamp.exists() and stamp.read_text(encoding="ascii") == digest:
        return []
    folder.mkdir(parents=True, exist_ok=True)
    stamp.unlink(missing_ok=True)
    fresh, former = folder / ".fresh", folder / ".former"
    for left in (fresh, former):
        shutil.rmtree(left, ignore_errors=True)
    with tarfile.open(archive) as packed:
        # The archive is of our making, and Debian 12's own tarfile has no filters.
        packed.extractall(fresh)  # noqa: S202
    former.mkdir()
    replaced = []
    for entry in sorted(fresh.iterdir()):
        target = folder / entry.name
        if target.exists():
            target.rename(former / entry.name)
        entry.rename(target)
        replaced.append(str(target))
    shutil.rmtree(fresh)
    shutil.rmtree(former)
    stamp.write_text(digest, encoding="ascii")
    return replaced


def _under(path: Path, units: Path) -> Path:
    return units / path.name if path.parent == UNITS else path


def _make_account(name: str) -> None:
    try:
        pwd.getpwnam(name)
    except KeyError:
        subprocess.run([*_MAKE, _NO_SHELL, name], check=True, timeout=_LIMIT_S)


def _make_folder(drawn: Mapping[str, Any]) -> None:
    path, account = Path(drawn["path"]), pwd.getpwnam(drawn["owner"])
    path.mkdir(parents=True, exist_ok=True)
    os.chown(path, account.pw_uid, account.pw_gid)
    path.chmod(drawn["mode"])


def _replace(source: Path, path: Path, drawn: Mapping[str, Any]) -> bool:
    """Give the file its content, owner and mode at once; returns whether its content differed."""
    content, account = source.read_bytes(), pwd.getpwnam(drawn["owner"])
    differs = not path.exists() or path.read_bytes() != content
    if path.exists() and drawn["only_if_missing"]:
        return False
    if differs:
        draft = path.with_name(f"{path.name}.draft")
        draft.unlink(missing_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as handle:
            handle.write(content)
            handle.flush()
            os.fsync(handle.fileno())
        os.chown(draft, account.pw_uid, account.pw_gid)
        draft.chmod(drawn["mode"])
        draft.replace(path)
    else:
        os.chown(path, account.pw_uid, account.pw_gid)
        path.chmod(drawn["mode"])
    return differs


def _remove_gone(units: Path, kept: set[Path]) -> Iterator[str]:
    for unit in sorted(units.glob(_OURS)):
        if unit.is_file() and unit not in kept:
            unit.unlink()
            yield str(unit)


if __name__ == "__main__":
    main()
