"""Which tier a test belongs to: `fast` needs no server, `data` Postgres or Redis, `suite` all."""

import pytest

TIERS = ("fast", "data", "suite")

# What a fixture starts; whoever uses it, however indirectly, belongs to its tier at least.
_NEEDS_SUITE = {"suite"}
_NEEDS_DATA = {"data_suite", "postgres_nodes", "server"}


def mark_tier(item: pytest.Item) -> None:
    """Mark a test with its tier, unless it is marked already because it starts servers itself."""
    if not any(item.get_closest_marker(tier) for tier in TIERS):
        item.add_marker(_tier_of(set(getattr(item, "fixturenames", ()))))


def _tier_of(fixtures: set[str]) -> str:
    if fixtures & _NEEDS_SUITE:
        return "suite"
    return "data" if fixtures & _NEEDS_DATA else "fast"
