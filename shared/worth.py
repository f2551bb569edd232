"""What a request is worth while there is not enough for all: the least is refused first."""

from contextvars import ContextVar
from enum import IntEnum


class Worth(IntEnum):
    """The higher, the longer it is served."""

    SHEDDABLE = 0  # to look around: nobody waits for it
    NORMAL = 1
    VITAL = 2  # without it the product is down, or work is lost


# Of the request at hand; what begins by itself, such as a job, is normal.
worth: ContextVar[Worth] = ContextVar("worth", default=Worth.NORMAL)
