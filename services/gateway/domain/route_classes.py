"""Which class of requests a route belongs to: what it is limited by, and when it is refused.

Every route has a class without being named here: reads by their method, writes by theirs. Named are
only the routes that are neither.
"""

import re
from enum import StrEnum

from shared.priority import Priority


class RouteClass(StrEnum):
    """Requests that draw on the same limits."""

    READS = "reads"
    WRITES = "writes"
    UPLOADS = "uploads"
    SIGN_IN = "sign-in"
    ENGAGEMENT = "engagement"  # to follow, like, comment: what is done to others, and by robots


_READ_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_NAMED = tuple(
    (method, re.compile(path), route_class)
    for method, path, route_class in (
        ("POST", "/v1/(users|sessions)", RouteClass.SIGN_IN),
        ("POST", "/v1/(photos|uploads)(/.*)?", RouteClass.UPLOADS),
        ("PATCH", "/v1/uploads/.*", RouteClass.UPLOADS),
        (".*", "/v1/.*/(follow|like|save|comments|block|mute|reports?)", RouteClass.ENGAGEMENT),
        (".*", "/v1/(comments|reports)(/.*)?", RouteClass.ENGAGEMENT),
    )
)
_SHEDDABLE = re.compile("/v1/(users/(search|suggested)|explore|search|tags|places)(/.*)?")
# Without these the product is down, or what a person has done is lost.
_VITAL_READS = frozenset({"/v1/timelines/home"})
_VITAL_WRITES = re.compile("/v1/(users|sessions|sessions/refresh|posts|photos|uploads(/.*)?)")


def priority_of(method: str, path: str) -> Priority:
    """What is refused first when there is too much to do."""
    if _SHEDDABLE.fullmatch(path):
        return Priority.SHEDDABLE
    if method in _READ_METHODS:
        return Priority.VITAL if path in _VITAL_READS else Priority.NORMAL
    return Priority.VITAL if _VITAL_WRITES.fullmatch(path) else Priority.NORMAL


# Their time goes by on something else than work: on slow bodies, on photos that are being made, on
# hashes of passwords, which users bounds, or until their reader leaves.
_LASTING = re.compile(
    r"GET /v1/stream|[A-Z]+ /v1/uploads(/.*)?|POST /v1/(photos|posts|users|sessions|me/export)"
    r"|PUT /v1/me/password|DELETE /v1/me"
)


def lasts(method: str, path: str) -> bool:
    """Whether a request takes long for reasons that are not work of the gateway."""
    return _LASTING.fullmatch(f"{method} {path}") is not None


# What users owns: who people are, and how they stand to each other.
_OF_USERS = re.compile("/v1/(users|me|sessions)(/.*)?")


def changes_people(method: str, path: str) -> bool:
    """Whether a request may change what users decides about or for its viewer."""
    return method not in _READ_METHODS and _OF_USERS.fullmatch(path) is not None


def class_of(method: str, path: str) -> RouteClass:
    """The class of a request; one that no route answers has one too."""
    if method in _READ_METHODS:
        return RouteClass.READS
    for of_method, of_path, route_class in _NAMED:
        if re.fullmatch(of_method, method) and of_path.fullmatch(path):
            return route_class
    return RouteClass.WRITES
