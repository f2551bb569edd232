"""A picture that comes in pieces: how long it is waited for, and what goes wrong with a piece."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.contracts.photos import Photo, Upload
from shared.errors import Conflict, TooManyRequests
from shared.wire_time import wire_time

# Since the last piece: a phone may be without a network over night.
KEPT = timedelta(hours=24)

PIECE_BYTES_MAX = 1024 * 1024
METADATA_CHARACTERS_MAX = 1_000
# Whoever sends a few bytes at a time would make an object of each.
PIECES_MAX = 2_000
# A phone that sends one picture after another gets to its next upload within seconds.
_RETRY_AFTER_S = 10


class OffsetMismatch(Conflict):
    """The piece does not begin where the durable bytes end: ask where that is, and go on there."""

    code = "offset_mismatch"
    title = "The upload has another offset."


class TooManyPieces(Conflict):
    """It came in too many too small pieces."""

    code = "too_many_pieces"
    title = "This upload came in too many small pieces; start again with larger ones."


class TooManyUploads(TooManyRequests):
    """The owner has as many unfinished uploads, or as many bytes in them, as are allowed."""

    code = "too_many_uploads"
    title = "Too many uploads are unfinished: finish one or delete one."


@dataclass(frozen=True, slots=True)
class ParkingLimits:
    """How much one owner may have in unfinished uploads, which count towards no other quota.

    Announced lengths count, not received bytes: what was announced may arrive at any time, and
    pieces then need no check of their own. An upload without a piece for `idle_s` gives way to a
    new one, so that lost replies and forgotten uploads lock nobody out for a day.
    """

    uploads_max: int
    bytes_max: int
    idle_s: int = 3_600


@dataclass(frozen=True, slots=True)
class ParkedUpload:
    """An unfinished upload; it is idle once nothing has come for `ParkingLimits.idle_s`."""

    id: int
    length: int
    is_idle: bool


def uploads_to_drop(
    parked: Sequence[ParkedUpload], length: int, limits: ParkingLimits
) -> list[int]:
    """Idle uploads that must go before one of `length` bytes may begin, in the order given.

    Raises TooManyUploads if there is no room even without them.
    """
    dropped: list[int] = []
    count, total = len(parked) + 1, sum(one.length for one in parked) + length
    for one in (one for one in parked if one.is_idle):
        if count <= limits.uploads_max and total <= limits.bytes_max:
            break
        dropped.append(one.id)
        count, total = count - 1, total - one.length
    if count > limits.uploads_max or total > limits.bytes_max:
        raise TooManyUploads(retry_after_s=_RETRY_AFTER_S)
    return dropped


@dataclass(frozen=True, slots=True)
class NewUpload:
    """What its sender says of an upload before the first byte of it."""

    owner_id: int
    length: int
    metadata: str
    sha256: bytes | None


@dataclass(frozen=True, slots=True)
class StoredUpload:
    """An upload as the database has it; `photo_id` once a photo was made of it.

    `sha256` is what its sender said that all of it hashes to.
    """

    id: int
    owner_id: int
    length: int
    metadata: str
    received: int
    touched_at: datetime
    photo_id: int | None
    sha256: bytes | None

    @property
    def expires_at(self) -> datetime:
        """When it is swept unless another piece comes."""
        return self.touched_at + KEPT

    @property
    def is_whole(self) -> bool:
        """Have all its bytes arrived?"""
        return self.received == self.length


@dataclass(frozen=True, slots=True)
class OpenUpload:
    """Where an unfinished upload of somebody stands: bytes received, in so many pieces."""

    owner_id: int
    id: int
    length: int
    received: int
    pieces: int

    def takes(self, start: int, size: int) -> bool:
        """Whether nothing speaks against these bytes, unless they are its first: those are read."""
        fits = 0 < size <= self.length - start
        return start == self.received > 0 and fits and self.pieces < PIECES_MAX


def upload_of(stored: StoredUpload, photo: Photo | None) -> Upload:
    """What its owner is told."""
    return {
        "id": stored.id,
        "offset": stored.received,
        "length": stored.length,
        "metadata": stored.metadata,
        "expires_at": wire_time(stored.expires_at),
        "photo": photo,
    }
