"""Searches the object store for ids in the keys of objects."""

import re
from collections.abc import Sequence
from pathlib import Path

from infra.deletion_audit.found import Remains, names
from infra.suite import Suite


def remains_in_store(suite: Suite, wanted_ids: Sequence[int]) -> list[Remains]:
    """Find objects of the embedded store by key; an external store is not searched."""
    folder = suite.folder.data / "store"
    keys = [str(path.relative_to(folder)) for path in _files(folder)]
    return [
        Remains("store", wanted_id, count)
        for wanted_id in wanted_ids
        if (count := sum(bool(re.search(names(wanted_id), key)) for key in keys))
    ]


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]
