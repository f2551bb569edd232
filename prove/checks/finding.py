"""A finding: one thing that must not be."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

# The findings of one check that are told in full; more of them say nothing new.
TOLD_MAX = 50


@dataclass(frozen=True, slots=True)
class Finding:
    """What kind of promise was broken, and by what."""

    kind: str
    text: str


def findings(kind: str, texts: Iterable[str]) -> Iterator[Finding]:
    """Make findings of one kind."""
    for text in texts:
        yield Finding(kind, text)
