"""Every request has a class, with or without a named route."""

import pytest

from services.gateway.domain.route_classes import RouteClass, changes_people, class_of, priority_of
from shared.priority import Priority


@pytest.mark.parametrize(
    ("method", "path", "route_class"),
    [
        ("GET", "/v1/timelines/home", RouteClass.READS),
        ("GET", "/v1/users/12/follow", RouteClass.READS),
        ("HEAD", "/v1/uploads/12", RouteClass.READS),
        ("GET", "/no/such/route", RouteClass.READS),
        ("POST", "/v1/users", RouteClass.SIGN_IN),
        ("POST", "/v1/sessions", RouteClass.SIGN_IN),
        ("POST", "/v1/sessions/refresh", RouteClass.WRITES),
        ("POST", "/v1/photos", RouteClass.UPLOADS),
        ("POST", "/v1/uploads", RouteClass.UPLOADS),
        ("PATCH", "/v1/uploads/12", RouteClass.UPLOADS),
        ("POST", "/v1/posts", RouteClass.WRITES),
        ("DELETE", "/v1/posts/12", RouteClass.WRITES),
        ("PUT", "/v1/users/12/follow", RouteClass.ENGAGEMENT),
        ("DELETE", "/v1/posts/12/like", RouteClass.ENGAGEMENT),
        ("POST", "/v1/posts/12/comments", RouteClass.ENGAGEMENT),
        ("DELETE", "/v1/comments/12", RouteClass.ENGAGEMENT),
        ("PATCH", "/v1/some/route/of/tomorrow", RouteClass.WRITES),
    ],
)
def test_a_request_counts_towards_the_limits_of_its_class(
    method: str, path: str, route_class: RouteClass
) -> None:
    assert class_of(method, path) is route_class


@pytest.mark.parametrize(
    ("method", "path", "changes"),
    [
        ("PUT", "/v1/users/12/block", True),
        ("PATCH", "/v1/me", True),
        ("DELETE", "/v1/sessions/current", True),
        ("DELETE", "/v1/me/followers/12", True),
        ("GET", "/v1/me", False),
        ("PUT", "/v1/posts/12/like", False),
        ("POST", "/v1/photos", False),
    ],
)
def test_a_write_to_what_users_owns_changes_people(method: str, path: str, changes: bool) -> None:
    assert changes_people(method, path) is changes


@pytest.mark.parametrize(
    ("method", "path", "priority"),
    [
        ("GET", "/v1/users/search", Priority.SHEDDABLE),
        ("GET", "/v1/users/suggested", Priority.SHEDDABLE),
        ("GET", "/v1/explore", Priority.SHEDDABLE),
        ("GET", "/v1/users/12", Priority.NORMAL),
        ("PUT", "/v1/users/12/follow", Priority.NORMAL),
        ("GET", "/v1/timelines/home", Priority.VITAL),
        ("POST", "/v1/sessions", Priority.VITAL),
        ("POST", "/v1/sessions/refresh", Priority.VITAL),
        ("POST", "/v1/photos", Priority.VITAL),
        ("PATCH", "/v1/uploads/12", Priority.VITAL),
        ("POST", "/v1/posts", Priority.VITAL),
    ],
)
def test_discovery_is_refused_before_the_home_timeline(
    method: str, path: str, priority: Priority
) -> None:
    assert priority_of(method, path) is priority
