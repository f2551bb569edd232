"""Puts a bundle in its place on a host: `python3 placing.py FOLDER`, as root.

It runs as a file before anything of ours is installed, with only the standard library. It prints
the units whose files, or whose process's files, have changed.
"""

import argparse
import json
import os
import pwd
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

_MAKE = ("useradd", "--system", "--user-group", "--no-create-home", "--home-dir=/nonexistent")
_NO_SHELL = "--shell=/usr/sbin/nologin"
UNITS = Path("/etc/systemd/system")
# Units of ours that no bundle names any more are removed.
_OURS = "retrato-*"
_LIMIT_S = 60


def main() -> None:
    """Place the bundle of the arguments."""
    parser = argparse.ArgumentParser()
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--units", type=Path, default=UNITS)
    said = parser.parse_args()
    changed = place(said.bundle, said.units)
    sys.stdout.write("".join(f"{path}\n" for path in changed))


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
