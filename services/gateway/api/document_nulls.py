"""Rewrites maps, nullable and optional fields for the generators of clients.

Swift OpenAPI Generator drops a property that is `anyOf` of a type and null, but reads a list of
types (its issues 906 and 950). openapi-generator and openapi-typescript read both.
"""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

_NULL = {"type": "null"}
_REFERENCE = "#/components/schemas/"


def spell_nulls(document: dict[str, Any]) -> None:
    """Replace every `anyOf` with null in the document; a nullable parameter becomes optional."""
    schemas = document["components"]["schemas"]
    for operations in document["paths"].values():
        for operation in operations.values():
            for parameter in operation.get("parameters", ()):
                parameter["schema"] = _without_null(parameter["schema"])
    # A schema copied in place of its reference may hold nulls of its own.
    while found := [node for node in _nodes(document) if _choice(node) is not None]:
        for node in found:
            chosen = _choice(node)
            if chosen is not None:
                del node["anyOf"]
                node.update({**_nullable(chosen, schemas), **node})


def spell_maps(document: dict[str, Any]) -> None:
    """Give a map its type of values, and leave the pattern of its keys to the description.

    Swift OpenAPI Generator and openapi-generator ignore `patternProperties` and `propertyNames`:
    they would generate an object without fields.
    """
    for node in _nodes(document):
        patterns = node.get("patternProperties")
        if node.get("type") == "object" and isinstance(patterns, dict):
            del node["patternProperties"]
            (node["additionalProperties"],) = patterns.values()
            node.pop("propertyNames", None)


def leave_defaults_out(schemas: Mapping[str, Any]) -> None:
    """Drop the defaults of optional fields.

    openapi-typescript treats a field with a default as always present, even in requests.
    """
    for schema in schemas.values():
        for said in schema.get("properties", {}).values():
            said.pop("default", None)


def _nodes(part: Any) -> Iterator[dict[str, Any]]:
    children = part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
    if isinstance(part, dict):
        yield part
    for child in list(children):
        yield from _nodes(child)


def _choice(node: Mapping[str, Any]) -> dict[str, Any] | None:
    """The only schema besides null; None if null is not allowed or several remain."""
    choices = node.get("anyOf")
    if not isinstance(choices, list) or _NULL not in choices:
        return None
    others = [choice for choice in choices if choice != _NULL]
    return others[0] if len(others) == 1 else None


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    chosen = _choice(schema)
    if chosen is None:
        return schema
    return {**{name: part for name, part in schema.items() if name != "anyOf"}, **chosen}


def _nullable(schema: dict[str, Any], schemas: Mapping[str, Any]) -> dict[str, Any]:
    # A reference has no type to add null to, so its schema is copied here.
    name = schema.get("$ref", "").removeprefix(_REFERENCE)
    spelled = deepcopy(schemas[name]) if name else dict(schema)
    spelled.pop("title", None)
    spelled["type"] = [spelled["type"], "null"]
    if "enum" in spelled:
        spelled["enum"] = [*spelled["enum"], None]
    return spelled
