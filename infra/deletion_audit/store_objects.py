"""Searches the keys of the object store, and the pictures that balancers have cached."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from infra.deletion_audit.found import Remains, pattern_of
from infra.suite import Suite

# nginx writes the address of a cached picture near the start of its file.
_HEAD_BYTES = 4096


def remains_in_store(suite: Suite, wanted: Sequence[str]) -> list[Remains]:
    """Find objects of the embedded store by key; an external store is not searched."""
    folder = suite.folder.data / "store"
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
            return file.read(_HEAD_BYTES).decode(errors="replace")
    except FileNotFoundError:
        # The cache drops pictures at any moment.
        return ""
