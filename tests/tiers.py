"""Which tier a test belongs to: `fast` needs no server, `data` Postgres or Redis, `suite` all."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest

TIERS = ("fast", "data", "suite")

# Folders whose tests need no server, since what they test does no I/O.
_PURE = {"domain", "architecture"}
# A test that uses one of these fixtures, even indirectly, belongs to the fixture's tier.
_NEEDS_SUITE = {"suite"}
_NEEDS_DATA = {"data_suite", "postgres_nodes", "server"}


def mark_tiers(items: Sequence[pytest.Item]) -> None:
    """Mark each test with its tier, unless it is marked already because it starts servers itself.

    Raises UsageError for a test of a domain or of the architecture that needs a server.
    """
    for item in items:
        if not any(item.get_closest_marker(tier) for tier in TIERS):
            item.add_marker(_tier_of(set(getattr(item, "fixturenames", ()))))
    found = strays(
        (item.nodeid, tier) for item in items for tier in TIERS if item.get_closest_marker(tier)
    )
    if found:
        raise pytest.UsageError("These tests must not need a server: " + ", ".join(found))


def strays(tests: Iterable[tuple[str, str]]) -> list[str]:
    """Return the tests, of (node id, tier), that need a server in a folder where none may."""
    return [
        test
        for test, tier in tests
        if tier != "fast" and _PURE & set(Path(test.partition("::")[0]).parts)
    ]


def _tier_of(fixtures: set[str]) -> str:
    if fixtures & _NEEDS_SUITE:
        return "suite"
    return "data" if fixtures & _NEEDS_DATA else "fast"
