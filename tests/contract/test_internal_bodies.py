"""A service takes the bodies of a later caller: it ignores fields that it does not know."""

from typing import Any

import pytest

from tests.contract.documents import DOCUMENTS


def _closed(node: Any, path: str = "") -> list[str]:
    """Return where a document says that it refuses unknown fields."""
    if isinstance(node, list):
        return [
            found for index, item in enumerate(node) for found in _closed(item, f"{path}/{index}")
        ]
    if not isinstance(node, dict):
        return []
    here = [path] if node.get("additionalProperties") is False else []
    return here + [
        found for name, item in node.items() for found in _closed(item, f"{path}/{name}")
    ]


@pytest.mark.parametrize("service", sorted(set(DOCUMENTS) - {"gateway"}))
def test_a_service_refuses_no_unknown_field(service: str) -> None:
    assert _closed(DOCUMENTS[service]) == []


def test_the_gateway_refuses_them() -> None:
    assert _closed(DOCUMENTS["gateway"])
