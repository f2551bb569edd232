"""Small JSON files of the run folder: written so that a crash cannot tear them, read with care."""

import json
import os
from pathlib import Path
from typing import Any

from infra.control.failures import SuiteFailure


def read_json(file: Path) -> dict[str, Any]:
    """The object in a file; raises SuiteFailure that names file and line if it is not whole."""
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise SuiteFailure(
            f"{file}, line {error.lineno}: this is not JSON ({error.msg}). Put a whole copy of the"
            " file in its place."
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


def write_durably(file: Path, text: str) -> None:
    """Replace a file, readable by its owner only; both file and name are on disk afterwards."""
    draft = file.with_name(file.name + ".draft")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as handle:
        handle.write(text)
        handle.flush()
        os.fsync(handle.fileno())
    draft.replace(file)
    sync_folder(file.parent)


def sync_folder(folder: Path) -> None:
    """Names that were made or changed in a folder are on disk afterwards."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
