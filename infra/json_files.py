"""Reads the run folder's small JSON files with clear errors, and writes them crash-safely."""

import json
import os
from pathlib import Path
from typing import Any

from infra.control.failures import SuiteFailure


def read_json(file: Path) -> dict[str, Any]:
    """Return the object in a file; raises SuiteFailure with file and line if it is broken."""
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise SuiteFailure(
            f"{file}, line {error.lineno}: this is not JSON ({error.msg}). Put a whole copy of the"
            " file in its place."
        ) from None
    except RecursionError:
        raise SuiteFailure(
            f"{file}, line 1: this is nested too deeply. Put a whole copy of the file in its place."
        ) from None
    except UnicodeDecodeError:
        raise SuiteFailure(
            f"{file}, line 1: this is not text. Put a whole copy of the file in its place."
        ) from None
    if not isinstance(document, dict):
        raise SuiteFailure(
            f"{file}, line 1: an object was expected. Put a whole copy in its place."
        )
    return document


def write_durably(file: Path, text: str, *, mode: int = 0o600) -> None:
    """Replace a file, with this mode; the file and its name are on disk afterwards."""
    draft = file.with_name(file.name + ".draft")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, mode)
    with os.fdopen(descriptor, "w", encoding="utf-8") as handle:
        os.fchmod(descriptor, mode)
        handle.write(text)
        handle.flush()
        os.fsync(handle.fileno())
    draft.replace(file)
    sync_folder(file.parent)


def sync_folder(folder: Path) -> None:
    """Write a folder's new and changed names to the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
