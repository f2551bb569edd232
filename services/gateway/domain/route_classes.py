"""Which class of requests a route belongs to: what it is limited by, and what it is worth.

Every route has a class without being named here: reads by their method, writes by theirs. Named are
only the routes that are neither.
"""

import re
from enum import StrEnum

from shared.worth import Worth


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
# To look around: search, suggestions, tags, what is popular. Nobody waits for it to come.
_SHEDDABLE = re.compile("/v1/(users/(search|suggested)|explore|search|tags|places)(/.*)?")
# Without these the product is down, or what a person has done is lost.
_VITAL_READS = frozenset({"/v1/timelines/home"})
_VITAL_WRITES = re.compile("/v1/(users|sessions|sessions/refresh|posts|photos|uploads(/.*)?)")


def worth_of(method: str, path: str) -> Worth:
    """Who is refused first when there is not enough for all."""
    if _SHEDDABLE.fullmatch(path):
        return Worth.SHEDDABLE
    if method in _READ_METHODS:
        return Worth.VITAL if path in _VITAL_READS else Worth.NORMAL
    return Worth.VITAL if _VITAL_WRITES.fullmatch(path) else Worth.NORMAL


# A read that lasts as long as its reader stays.
_LASTING_READS = frozenset({"/v1/stream"})


def is_quick_read(method: str, path: str) -> bool:
    """Whether the time that it takes tells how much there is to do."""
    return method in _READ_METHODS and path not in _LASTING_READS


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
