"""Which requests are refused while operators work on the suite, or while it takes no photos."""

import re

from services.gateway.domain.route_classes import RouteClass, class_of
from shared.errors import Unavailable

_READ_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
# Access tokens last a quarter of an hour. Without these, nobody could read on after that, and the
# session of a lost phone could not be ended.
_SESSIONS = re.compile("/v1/sessions(/.*)?")


class UnderMaintenance(Unavailable):
    """Operators work on the suite, which takes no changes meanwhile; `detail` is for people."""

    code = "maintenance"
    title = "Nothing can be changed for a while; reading goes on."


def is_refused_in_maintenance(method: str, path: str) -> bool:
    """Whether a request would change something other than the caller's sessions."""
    return method not in _READ_METHODS and _SESSIONS.fullmatch(path) is None


def brings_photos(method: str, path: str) -> bool:
    """Whether a request brings bytes of a photo, or announces them."""
    return class_of(method, path) is RouteClass.UPLOADS
