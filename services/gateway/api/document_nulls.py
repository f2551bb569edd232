"""Spells maps, and what may be null or left out, as generators of clients understand it.

Swift OpenAPI Generator leaves a property out that is `anyOf` of a type and null, and understands a
list of types (its issues 906 and 950); openapi-generator and openapi-typescript take both.
"""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

_NULL = {"type": "null"}
_REFERENCE = "#/components/schemas/"


def spell_nulls(document: dict[str, Any]) -> None:
    """Change every `anyOf` with a null in the document; a parameter is simply left out instead."""
    schemas = document["components"]["schemas"]
    for operations in document["paths"].values():
        for operation in operations.values():
            for parameter in operation.get("parameters", ()):
                parameter["schema"] = _without_null(parameter["schema"])
    # What is written out in the place of a reference may have nulls of its own.
    while found := [node for node in _nodes(document) if _choice(node) is not None]:
        for node in found:
            chosen = _choice(node)
            if chosen is not None:
                del node["anyOf"]
                node.update({**_nullable(chosen, schemas), **node})


def spell_maps(document: dict[str, Any]) -> None:
    """Say of a map what its values are, and leave the pattern of its names to the description.

    Swift OpenAPI Generator and openapi-generator know nothing of `patternProperties` and
    `propertyNames`: to them such a map would be an object without any field.
    """
    for node in _nodes(document):
        patterns = node.get("patternProperties")
        if node.get("type") == "object" and isinstance(patterns, dict):
            del node["patternProperties"]
            (node["additionalProperties"],) = patterns.values()
            node.pop("propertyNames", None)


def leave_defaults_out(schemas: Mapping[str, Any]) -> None:
    """Let fields that may be left out be optional, and no more.

    openapi-typescript takes a field with a default for one that is always there, in requests too.
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
    """What a schema is unless it is null; None if it may not be, or is one of several."""
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
    # A reference has no type to add null to: what it names is written out.
    name = schema.get("$ref", "").removeprefix(_REFERENCE)
    spelled = deepcopy(schemas[name]) if name else dict(schema)
    spelled.pop("title", None)
    spelled["type"] = [spelled["type"], "null"]
    if "enum" in spelled:
        spelled["enum"] = [*spelled["enum"], None]
    return spelled
