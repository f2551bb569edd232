"""The public document uses only what generators of clients understand."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI

from services.gateway.app import gateway_app
from services.gateway.settings import GatewaySettings


@pytest.fixture(scope="module")
def document(settings: GatewaySettings) -> dict[str, Any]:
    def nothing() -> Any:
        raise AssertionError("the document needs no resources")

    app: FastAPI = gateway_app(settings, nothing)
    return app.openapi()


def _nodes(part: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(part, dict):
        yield path, part
        for name, child in part.items():
            # The content of an example is no schema.
            if name not in {"example", "examples"}:
                yield from _nodes(child, f"{path}/{name}")
    elif isinstance(part, list):
        for number, child in enumerate(part):
            yield from _nodes(child, f"{path}/{number}")


def test_nullable_fields_are_lists_of_types(document: dict[str, Any]) -> None:
    """Swift OpenAPI Generator silently drops any other form (its issue 950)."""
    others = [
        path
        for path, node in _nodes(document)
        if node.get("type") == "null" or node.get("nullable") is not None
    ]
    assert not others
    lists = [node["type"] for _path, node in _nodes(document) if isinstance(node.get("type"), list)]
    assert len(lists) > 30
    # The generators accept exactly one type besides null.
    assert all(len(types) == 2 and types[1] == "null" for types in lists)


def test_no_schema_is_a_choice_of_several(document: dict[str, Any]) -> None:
    choices = [
        path for path, node in _nodes(document) if {"anyOf", "oneOf", "allOf", "not"} & node.keys()
    ]
    assert not choices


def test_no_schema_uses_keywords_unknown_to_generators(document: dict[str, Any]) -> None:
    """Without unions no discriminator is needed, and generators differ in the others."""
    unknown = {
        *("discriminator", "const", "if", "then", "else", "dependentSchemas", "dependentRequired"),
        *("patternProperties", "propertyNames", "prefixItems", "contains", "unevaluatedProperties"),
    }
    found = [(path, unknown & node.keys()) for path, node in _schemas(document)]
    assert not [(path, words) for path, words in found if words]


def test_a_reference_stands_alone(document: dict[str, Any]) -> None:
    """Generators read only the referenced schema: a null or type beside it would be lost."""
    lost = [
        path
        for path, node in _schemas(document)
        if "$ref" in node and node.keys() - {"$ref", "description", "summary"}
    ]
    assert not lost


def test_every_reference_names_an_existing_object(document: dict[str, Any]) -> None:
    """A null inside the referenced schema would be lost."""
    schemas = document["components"]["schemas"]
    assert {schema["type"] for schema in schemas.values()} == {"object"}
    named = {node["$ref"] for _path, node in _nodes(document) if "$ref" in node}
    there = {
        f"#/components/{kind}/{name}"
        for kind, parts in document["components"].items()
        for name in parts
    }
    assert named <= there


def test_enumerated_values_are_strings(document: dict[str, Any]) -> None:
    for path, node in _schemas(document):
        if "enum" in node:
            may_be_null = isinstance(node["type"], list)
            texts = [value for value in node["enum"] if value is not None]
            assert all(isinstance(value, str) for value in texts), path
            assert (None in node["enum"]) == may_be_null, path


def _schemas(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """All schema nodes, without those whose keys are names of fields."""
    return (found for found in _nodes(document) if not found[0].endswith("/properties"))


def test_every_field_is_explained(document: dict[str, Any]) -> None:
    silent = [
        f"{name}.{field}"
        for name, schema in document["components"]["schemas"].items()
        for field, said in schema.get("properties", {}).items()
        if not said.get("description")
    ]
    assert not silent


def test_operations_have_unique_names_and_list_replies_before_errors(
    document: dict[str, Any],
) -> None:
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    names = [operation["operationId"] for operation in operations]
    assert len(set(names)) == len(names)
    for operation in operations:
        statuses = list(operation["responses"])
        assert statuses == sorted(statuses), operation["operationId"]


def test_the_server_is_an_address_that_a_client_can_use(
    document: dict[str, Any], settings: GatewaySettings
) -> None:
    assert [server["url"] for server in document["servers"]] == [settings.media_base_url]
    assert document["openapi"].startswith("3.1")


def test_optional_fields_have_no_default(document: dict[str, Any]) -> None:
    """openapi-typescript would require the field in each request."""
    defaults = [
        f"{name}.{field}"
        for name, schema in document["components"]["schemas"].items()
        for field, said in schema.get("properties", {}).items()
        if "default" in said
    ]
    assert not defaults
