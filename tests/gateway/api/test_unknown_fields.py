"""Clients' bodies have known fields only; between services, unknown ones are ignored."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.contract.documents import DOCUMENTS
from tests.gateway.conftest import Gateway

JSON = "application/json"


def _bodies(name: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Method, path and schema of each JSON body that a service takes."""
    for path, operations in DOCUMENTS[name]["paths"].items():
        for method, operation in operations.items():
            content = operation.get("requestBody", {}).get("content", {})
            if JSON in content:
                yield method.upper(), path, content[JSON]["schema"]


def _objects(name: str, schema: Any) -> Iterator[dict[str, Any]]:
    """Every object with named fields in a schema, however deep."""
    if isinstance(schema, list):
        for one in schema:
            yield from _objects(name, one)
    if not isinstance(schema, dict):
        return
    if "$ref" in schema:
        target = schema["$ref"].rpartition("/")[2]
        yield from _objects(name, DOCUMENTS[name]["components"]["schemas"][target])
    if "properties" in schema:
        yield schema
    for key, part in schema.items():
        if key not in {"examples", "example", "default"}:
            yield from _objects(name, part)


OPERATIONS = [(method, path) for method, path, _schema in _bodies("gateway")]


def test_every_object_that_clients_send_is_closed() -> None:
    found = [one for *_route, schema in _bodies("gateway") for one in _objects("gateway", schema)]
    assert len(found) > len(OPERATIONS) > 10
    assert [one["title"] for one in found if one.get("additionalProperties") is not False] == []


@pytest.mark.parametrize("service", ["users", "upload", "feed"])
def test_no_object_that_services_send_is_closed(service: str) -> None:
    found = [one for *_route, schema in _bodies(service) for one in _objects(service, schema)]
    assert found
    assert [one["title"] for one in found if "additionalProperties" in one] == []


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
async def test_an_unknown_field_is_refused_by_name(
    gateway: Gateway, method: str, path: str
) -> None:
    address = path.replace("{", "").replace("}", "")
    for parameter in ("post_id", "photo_id", "comment_id", "user_id"):
        address = address.replace(parameter, "503785553477557248")
    reply = await gateway.http.request(method, address, json={"shoe_size": 38})
    assert reply.status_code == 422
    codes = {error["field"]: error["code"] for error in reply.json()["errors"]}
    assert codes["shoe_size"] == "unknown_field"
