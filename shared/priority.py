"""The order in which an overloaded process refuses requests."""

from enum import IntEnum


class Priority(IntEnum):
    """A higher priority is refused later."""

    SHEDDABLE = 0  # browsing: search, suggestions, popular posts
    NORMAL = 1
    VITAL = 2  # its loss takes the product down, or loses what a user did
