"""A Postman collection of the public API, made from its document; Bruno opens it as well."""

import json
from collections.abc import Iterator
from typing import Any

_SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"


def collection_of(document: dict[str, Any]) -> dict[str, Any]:
    """A folder for each tag, a request for each operation, `{{host}}` and `{{token}}` to be set."""
    folders: dict[str, list[dict[str, Any]]] = {tag["name"]: [] for tag in document["tags"]}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            folders[operation["tags"][0]].append(_request(method, path, operation, document))
    return {
        "info": {"name": document["info"]["title"], "schema": _SCHEMA},
        "auth": {"type": "bearer", "bearer": [{"key": "token", "value": "{{token}}"}]},
        "variable": [
            {"key": "host", "value": document["servers"][0]["url"]},
            {"key": "token", "value": ""},
        ],
        "item": [{"name": name, "item": requests} for name, requests in folders.items()],
    }


def _request(
    method: str, path: str, operation: dict[str, Any], document: dict[str, Any]
) -> dict[str, Any]:
    address = path.replace("{", ":").replace("}", "")
    request: dict[str, Any] = {
        "method": method.upper(),
        "description": operation["description"],
        "url": "{{host}}" + address,
        "header": [],
    }
    if operation.get("security") == []:
        request["auth"] = {"type": "noauth"}
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if content is not None:
        request["header"] = [{"key": "Content-Type", "value": "application/json"}]
        example = dict(_examples(content["schema"], document))
        request["body"] = {"mode": "raw", "raw": json.dumps(example, indent=2, ensure_ascii=False)}
    return {"name": operation["summary"], "request": request}


def _examples(schema: dict[str, Any], document: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    name = schema.get("$ref", "").rpartition("/")[2]
    spelled = document["components"]["schemas"][name] if name else schema
    for field, said in spelled.get("properties", {}).items():
        if said.get("examples"):
            yield field, said["examples"][0]
        elif said.get("type") == "array" and said["items"].get("examples"):
            yield field, [said["items"]["examples"][0]]
