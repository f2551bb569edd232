"""The public document: every route has a description, examples and its problems."""

from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from fastapi import FastAPI
from jsonschema_rs import validator_for

from services.gateway.app import gateway_app
from services.gateway.settings import GatewaySettings
from tests.gateway.conftest import Gateway

PUBLIC = {
    ("post", "/v1/links"),
    ("post", "/v1/password-resets"),
    ("put", "/v1/password-resets"),
    ("post", "/v1/users"),
    ("post", "/v1/sessions"),
    ("post", "/v1/sessions/refresh"),
    ("get", "/v1/deletions/{receipt_id}"),
    ("options", "/v1/uploads"),
    ("get", "/v1/filters"),
}
WITHOUT_401 = PUBLIC - {("post", "/v1/sessions"), ("post", "/v1/sessions/refresh")}
SUCCESSES = {"200", "201", "202"}


@pytest.fixture(scope="module")
def document(settings: GatewaySettings) -> dict[str, Any]:
    def nothing() -> Any:
        raise AssertionError("the document needs no resources")

    app: FastAPI = gateway_app(settings, nothing)
    return app.openapi()


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


def test_every_route_has_a_summary_a_description_and_one_tag(document: dict[str, Any]) -> None:
    tags = {tag["name"] for tag in document["tags"]}
    for method, path, operation in operations(document):
        said = (operation["summary"], operation["description"], operation["tags"])
        assert all(said), f"{method} {path}"
        assert set(operation["tags"]) <= tags


def test_every_success_shows_an_example_of_its_schema(document: dict[str, Any]) -> None:
    examples = document["components"]["examples"]
    for method, path, operation in operations(document):
        for success in (r for status, r in operation["responses"].items() if status in SUCCESSES):
            if "content" not in success:
                # An upload reports its progress in headers only.
                assert success["headers"], f"{method} {path}"
                continue
            if path == "/v1/stream":
                assert success["content"]["text/event-stream"]["example"]
                continue
            content = success["content"]["application/json"]
            schema = {**content["schema"], "components": document["components"]}
            for name in content["examples"]:
                errors = list(validator_for(schema).iter_errors(examples[name]["value"]))
                assert not errors, f"{method} {path}: {errors}"


def test_only_lists_with_a_public_length_tell_how_many_they_hide(document: dict[str, Any]) -> None:
    """In a search it would tell that somebody of this name blocks the viewer."""
    schemas = document["components"]["schemas"]
    telling = {name for name, one in schemas.items() if "hidden_count" in one.get("properties", {})}
    lists = {
        path
        for method, path, operation in operations(document)
        if any(f'/{name}"' in orjson.dumps(operation["responses"]).decode() for name in telling)
    }
    assert lists == {
        "/v1/posts/{post_id}/comments",
        "/v1/posts/{post_id}/likes",
        "/v1/users/{user_id}/followers",
        "/v1/users/{user_id}/following",
    }


def test_every_route_shows_its_problems(document: dict[str, Any]) -> None:
    for method, path, operation in operations(document):
        failures = {s: r for s, r in operation["responses"].items() if int(s) >= 400}
        assert "503" in failures
        for status, failure in failures.items():
            content = failure["content"]["application/problem+json"]
            schema = {**content["schema"], "components": document["components"]}
            for code, example in content["examples"].items():
                assert not list(validator_for(schema).iter_errors(example["value"]))
                assert (example["value"]["status"], example["value"]["code"]) == (int(status), code)
                assert code in failure["description"], f"{method} {path}"


def test_every_route_except_those_without_a_session_requires_one(
    document: dict[str, Any],
) -> None:
    assert document["security"] == [{"bearer": []}]
    open_ones = {
        (m, p) for m, p, operation in operations(document) if operation.get("security") == []
    }
    assert open_ones == PUBLIC
    for method, path, operation in operations(document):
        assert ("401" in operation["responses"]) is ((method, path) not in WITHOUT_401)


def test_every_parameter_and_field_of_a_body_is_explained(document: dict[str, Any]) -> None:
    for method, path, operation in operations(document):
        for parameter in operation.get("parameters", []):
            assert parameter.get("description"), f"{method} {path} {parameter['name']}"


def test_ids_in_paths_are_strings_of_digits(document: dict[str, Any]) -> None:
    for _method, _path, operation in operations(document):
        for parameter in operation.get("parameters", []):
            if parameter["name"].endswith("_id") and parameter["name"] != "receipt_id":
                assert parameter["schema"]["type"] == "string"
                assert parameter["schema"]["pattern"] == "^[1-9][0-9]{0,18}$"


async def test_routes_that_require_a_session_refuse_calls_without_one(
    gateway: Gateway, document: dict[str, Any]
) -> None:
    for method, path, _operation in operations(document):
        if (method, path) in PUBLIC:
            continue
        address = path.replace("{username}", "bob")
        for name in ("user_id", "post_id", "comment_id", "photo_id", "session_id", "upload_id"):
            address = address.replace("{" + name + "}", "7")
        reply = await gateway.anonymous.request(method, address)
        assert reply.status_code == 401, f"{method} {path}"
    assert not gateway.users.requests


@pytest.mark.parametrize("path", ["/v1/openapi.json", "/docs/openapi.json"])
async def test_the_document_is_served(
    gateway: Gateway, document: dict[str, Any], path: str
) -> None:
    reply = await gateway.anonymous.get(path)
    assert reply.status_code == 200
    assert reply.json() == document


async def test_the_documentation_page_loads_nothing_from_other_hosts(gateway: Gateway) -> None:
    page = await gateway.anonymous.get("/docs")
    assert page.status_code == 200
    assert "http://" not in page.text
    assert "https://" not in page.text


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "not_found"),
        ("GET", "/v1/", 404, "not_found"),
        ("GET", "/v1/users", 405, "method_not_allowed"),
        ("PATCH", "/v1/timelines/home", 405, "method_not_allowed"),
    ],
)
async def test_unknown_addresses_and_methods_are_problems(
    gateway: Gateway, method: str, path: str, status: int, code: str
) -> None:
    reply = await gateway.http.request(method, path)
    assert (reply.status_code, reply.json()["code"]) == (status, code)
    assert reply.headers["content-type"] == "application/problem+json"
    assert not gateway.users.requests
