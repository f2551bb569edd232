"""Searches the keys of the object store, and the pictures that balancers have cached."""

import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from infra.deletion_audit.found import Remains, pattern_of
from infra.suite import Suite

# nginx writes the address of a cached picture near the start of its file.
_HEAD_BYTES = 4096
# A balancer that was told of a deletion keeps the answer 404 under the address, so that a request
# under way does not bring the picture back.
_GONE = "\nHTTP/1.1 404 "
_GONE_KEPT_S = 25 * 3600.0


def remains_in_store(suite: Suite, wanted: Sequence[str]) -> list[Remains]:
    """Find objects of the embedded store by key; an external store is not searched."""
    folder = suite.folder.store
    keys = [str(path.relative_to(folder)) for path in _files(folder)]
    return list(_among("store", keys, wanted))


def remains_in_caches(suite: Suite, wanted: Sequence[str]) -> list[Remains]:
    """Find pictures in the caches of all balancers by their address."""
    heads = [_head(path) for path in _files(suite.folder.cache) if "photos" in path.parts]
    return list(_among("balancers' caches", heads, wanted))


def _among(place: str, texts: Sequence[str], wanted: Iterable[str]) -> Iterator[Remains]:
    for word in wanted:
        pattern = pattern_of(word)
        if count := sum(bool(pattern.search(text)) for text in texts):
            yield Remains(place, word, count)


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def _head(path: Path) -> str:
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES).decode(errors="replace")
        is_young = path.stat().st_mtime > time.time() - _GONE_KEPT_S
        return "" if _GONE in head and is_young else head
    except FileNotFoundError:
        # The cache drops pictures at any moment.
        return ""
