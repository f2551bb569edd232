"""Every public operation, including a new one, is in the class of its kind."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from services.gateway.app import gateway_app
from services.gateway.domain.route_classes import RouteClass, class_of
from services.gateway.settings import GatewaySettings

READS = {"get", "head", "options"}
# Bodies of pictures have these types.
BODIES_OF_UPLOADS = {"multipart/form-data", "application/offset+octet-stream", "image/jpeg"}
# Done to others, and attractive to robots.
ENGAGES = re.compile(r"/(follow|like|save|comments|block|mute|reports?)$|^/v1/comments/")
# Without a session, no limit per person can apply.
SIGN_IN = {
    ("post", "/v1/users"),
    ("post", "/v1/sessions"),
    ("post", "/v1/links"),
    ("post", "/v1/password-resets"),
    ("put", "/v1/password-resets"),
}


@pytest.fixture(scope="module")
def operations(settings: GatewaySettings) -> list[tuple[str, str, dict[str, Any]]]:
    def nothing() -> Any:
        raise AssertionError("the document needs no resources")

    return list(_operations(gateway_app(settings, nothing).openapi()))


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


def _expected(method: str, path: str, operation: dict[str, Any]) -> RouteClass:
    bodies = set(operation.get("requestBody", {}).get("content", {}))
    if method in READS:
        return RouteClass.READS
    if (method, path) in SIGN_IN:
        return RouteClass.SIGN_IN
    # Beginning an upload counts as one, although it has no picture in its body yet.
    if bodies & BODIES_OF_UPLOADS or (method, path) == ("post", "/v1/uploads"):
        return RouteClass.UPLOADS
    return RouteClass.ENGAGEMENT if ENGAGES.search(path) else RouteClass.WRITES


def test_every_operation_counts_towards_the_limits_of_its_class(
    operations: list[tuple[str, str, dict[str, Any]]],
) -> None:
    for method, path, operation in operations:
        found = class_of(method.upper(), re.sub(r"{[^}]*}", "1", path))
        assert found is _expected(method, path, operation), f"{method} {path}"


def test_every_write_without_a_session_is_limited_by_address(
    operations: list[tuple[str, str, dict[str, Any]]],
) -> None:
    open_writes = {
        (method, path)
        for method, path, operation in operations
        if operation.get("security") == [] and method not in READS
    }
    assert open_writes - {("post", "/v1/sessions/refresh")} == SIGN_IN
