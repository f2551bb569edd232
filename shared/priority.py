"""What is refused first while there is too much to do."""

from enum import IntEnum


class Priority(IntEnum):
    """A higher one is refused later."""

    SHEDDABLE = 0  # to look around: search, suggestions, what is popular
    NORMAL = 1
    VITAL = 2  # without it the product is down, or what a person has done is lost
