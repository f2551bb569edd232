"""How much processor time a picture may take to decode: in one try, and in all tries together."""

from dataclasses import dataclass

from services.upload.domain.picture_kinds import PictureKind

# A photograph of 12 megapixels takes 0.03 to 0.4 s as JPEG, PNG or WebP.
_FIRST_SECONDS = 1
# HEIC and AVIF take several times as long, and have a lane of their own.
_FIRST_SECONDS_OF_SLOW_KINDS = 2
# What did not end within the first budget, in the lane of costly pictures.
_COSTLY_SECONDS = 5
# Killed workers and stores that were away cost tries too: some of each kind are allowed for.
SECONDS_IN_ALL = 15


@dataclass(slots=True)
class CpuBudget:
    """What one try may use, in whole seconds as the kernel's limit is, and what it has used.

    `spent_ms` is None while that is unknown: the decoder is at work, or was killed at it.
    """

    seconds: int
    spent_ms: int | None = 0

    @property
    def unspent_ms(self) -> int:
        """What can be given back; nothing if it is unknown what was used."""
        return 0 if self.spent_ms is None else max(0, self.seconds * 1000 - self.spent_ms)


def seconds_of_try(kind: PictureKind, *, is_costly: bool) -> int:
    """The most that the next try may use."""
    if is_costly:
        return _COSTLY_SECONDS
    return _FIRST_SECONDS_OF_SLOW_KINDS if kind.is_slow else _FIRST_SECONDS


class BudgetSpent(Exception):
    """The picture was not decoded within the budget of this try; with a larger one it may be."""
