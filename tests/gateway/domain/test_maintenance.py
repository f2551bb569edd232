"""During maintenance nothing changes but the caller's sessions."""

import json

import pytest

from infra.run_folder import REPOSITORY
from services.gateway.domain.maintenance import brings_photos, is_refused_in_maintenance

DOCUMENT = json.loads((REPOSITORY / "docs/api/gateway.json").read_text(encoding="utf-8"))
ROUTES = [
    (method.upper(), path, operation["responses"])
    for path, operations in DOCUMENT["paths"].items()
    for method, operation in operations.items()
]


@pytest.mark.parametrize(("method", "path", "replies"), ROUTES)
def test_every_route_that_changes_something_is_refused_and_documented(
    method: str, path: str, replies: dict[str, dict[str, str]]
) -> None:
    reads = method in {"GET", "HEAD", "OPTIONS"}
    of_sessions = path.startswith("/v1/sessions")
    assert is_refused_in_maintenance(method, path) is not (reads or of_sessions)
    assert ("`maintenance`" in replies["503"]["description"]) is not (reads or of_sessions)


def test_people_can_sign_up_only_afterwards() -> None:
    assert is_refused_in_maintenance("POST", "/v1/users")
    assert not is_refused_in_maintenance("POST", "/v1/sessions")
    assert not is_refused_in_maintenance("POST", "/v1/sessions/refresh")
    assert not is_refused_in_maintenance("DELETE", "/v1/sessions/current")


@pytest.mark.parametrize(
    ("method", "path", "brings"),
    [
        ("POST", "/v1/photos", True),
        ("POST", "/v1/uploads", True),
        ("PATCH", "/v1/uploads/7", True),
        ("DELETE", "/v1/uploads/7", False),
        ("HEAD", "/v1/uploads/7", False),
        ("PATCH", "/v1/photos/7", False),
        ("POST", "/v1/posts", False),
    ],
)
def test_only_bytes_and_their_announcement_count_as_photos(
    method: str, path: str, brings: bool
) -> None:
    assert brings_photos(method, path) is brings
