"""The class of each route, which decides its limits, and its priority under load.

Methods decide the class of most routes; only the exceptions are named here.
"""

import re
from enum import StrEnum

from shared.priority import Priority


class RouteClass(StrEnum):
    """Requests that share limits."""

    READS = "reads"
    WRITES = "writes"
    UPLOADS = "uploads"
    SIGN_IN = "sign-in"
    ENGAGEMENT = "engagement"  # following, liking, commenting: done to others, and often by robots


_READ_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_NAMED = tuple(
    (method, re.compile(path), route_class)
    for method, path, route_class in (
        ("POST", "/v1/(users|sessions|links|password-resets)", RouteClass.SIGN_IN),
        ("PUT", "/v1/password-resets", RouteClass.SIGN_IN),
        ("POST", "/v1/(photos|uploads)(/.*)?", RouteClass.UPLOADS),
        ("PATCH", "/v1/uploads/.*", RouteClass.UPLOADS),
        (".*", "/v1/.*/(follow|like|save|comments|block|mute|reports?)", RouteClass.ENGAGEMENT),
        (".*", "/v1/(comments|reports)(/.*)?", RouteClass.ENGAGEMENT),
    )
)
_SHEDDABLE = re.compile("/v1/(users/(search|suggested)|explore|search|tags|places)(/.*)?")
# Without these the product is down, or a person's work is lost.
_VITAL_READS = frozenset({"/v1/timelines/home"})
_VITAL_WRITES = re.compile("/v1/(users|sessions|sessions/refresh|posts|photos|uploads(/.*)?)")


def priority_of(method: str, path: str) -> Priority:
    """The request's priority; the limiter refuses the lowest first."""
    if _SHEDDABLE.fullmatch(path):
        return Priority.SHEDDABLE
    if method in _READ_METHODS:
        return Priority.VITAL if path in _VITAL_READS else Priority.NORMAL
    return Priority.VITAL if _VITAL_WRITES.fullmatch(path) else Priority.NORMAL


# They wait rather than work: for slow bodies, photos being processed, password hashes (which users
# bounds), or until the reader leaves.
STREAM = "GET /v1/stream"
_LASTING = re.compile(
    rf"{STREAM}|[A-Z]+ /v1/uploads(/.*)?|POST /v1/(photos|posts|users|sessions|me/export|me/email)"
    r"|PUT /v1/(me/password|password-resets)|DELETE /v1/me"
)


def lasts(method: str, path: str) -> bool:
    """Whether a request takes long for reasons other than the gateway's work."""
    return _LASTING.fullmatch(f"{method} {path}") is not None


# Paths of users: profiles and relationships.
_OF_USERS = re.compile("/v1/(users|me|sessions)(/.*)?")


def changes_people(method: str, path: str) -> bool:
    """Whether a request may change what users decides about or for its viewer."""
    return method not in _READ_METHODS and _OF_USERS.fullmatch(path) is not None


def class_of(method: str, path: str) -> RouteClass:
    """The class of a request; a path without a route has one too."""
    if method in _READ_METHODS:
        return RouteClass.READS
    for of_method, of_path, route_class in _NAMED:
        if re.fullmatch(of_method, method) and of_path.fullmatch(path):
            return route_class
    return RouteClass.WRITES
