"""The OpenAPI document describes every route and its problems."""

from typing import Any

import pytest

from tests.contract.documents import DOCUMENTS

_METHODS = {"get", "put", "post", "delete", "patch"}


def _operations() -> list[tuple[str, dict[str, Any]]]:
    return [
        (f"{method} {path}", operation)
        for path, item in DOCUMENTS["users"]["paths"].items()
        for method, operation in item.items()
        if method in _METHODS
    ]


@pytest.mark.parametrize("what", ["summary", "description", "tags"])
def test_every_route_is_described(what: str) -> None:
    assert not [name for name, operation in _operations() if not operation.get(what)]


def test_every_good_reply_has_an_example() -> None:
    lacking = []
    for name, operation in _operations():
        good = {status: reply for status, reply in operation["responses"].items() if status < "3"}
        assert len(good) == 1, name
        for status, reply in good.items():
            # Only what is said to be without a body has no example.
            if "content" not in reply:
                assert status in {"202", "204"}, name
            elif "example" not in reply["content"]["application/json"]:
                lacking.append(name)
    assert not lacking


def test_every_route_names_its_errors_as_problems() -> None:
    for name, operation in _operations():
        errors = {status: r for status, r in operation["responses"].items() if status >= "4"}
        assert {"401", "503"} <= set(errors), name
        assert all(list(r["content"]) == ["application/problem+json"] for r in errors.values())
        assert ("422" in errors) or not (operation.get("parameters") or "requestBody" in operation)


def test_every_body_has_examples() -> None:
    schemas = DOCUMENTS["users"]["components"]["schemas"]
    for name, operation in _operations():
        if "requestBody" in operation:
            ref = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"]
            fields = schemas[ref.rpartition("/")[2]]["properties"].values()
            assert all("examples" in field for field in fields), name
