"""The processor time that decoding a picture may take, in one try and in all."""

from dataclasses import dataclass

from services.upload.domain.picture_kinds import PictureKind

# JPEG, PNG or WebP of 12 megapixels take well under half a second.
_FIRST_SECONDS = 1
# HEIC and AVIF take several times as long and have a lane of their own.
_FIRST_SECONDS_OF_SLOW_KINDS = 2
# For pictures beyond the first budget, in the lane of costly pictures.
_COSTLY_SECONDS = 5
# Killed workers and a lost store cost tries, too, so there is room for several.
SECONDS_IN_ALL = 15


@dataclass(slots=True)
class CpuBudget:
    """The seconds that one try may use (whole, like the kernel's limit), and what it has used.

    `spent_ms` is None while unknown: the decoder is working, or was killed.
    """

    seconds: int
    spent_ms: int | None = 0

    @property
    def unspent_ms(self) -> int:
        """What can be refunded; nothing if the use is unknown."""
        return 0 if self.spent_ms is None else max(0, self.seconds * 1000 - self.spent_ms)


def seconds_of_try(kind: PictureKind, *, is_costly: bool) -> int:
    """The most seconds that the next try may use."""
    if is_costly:
        return _COSTLY_SECONDS
    return _FIRST_SECONDS_OF_SLOW_KINDS if kind.is_slow else _FIRST_SECONDS


class BudgetSpent(Exception):
    """This try's budget was not enough; a larger one may be."""
