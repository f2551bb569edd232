"""Resumable uploads: their lifetime, limits and errors."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.contracts.photos import Photo, Upload
from shared.errors import Conflict, TooManyRequests
from shared.wire_time import wire_time

# After the last piece: a phone may be offline overnight.
KEPT = timedelta(hours=24)

PIECE_BYTES_MAX = 1024 * 1024
METADATA_CHARACTERS_MAX = 1_000
# A client that sends a few bytes at a time would make an object of each.
PIECES_MAX = 2_000
# A phone that sends pictures in sequence reaches its next upload within seconds.
_RETRY_AFTER_S = 10


class OffsetMismatch(Conflict):
    """The piece does not begin where the durable bytes end; the client should poll the offset."""

    code = "offset_mismatch"
    title = "The upload has another offset."


class TooManyPieces(Conflict):
    """The upload came in too many small pieces."""

    code = "too_many_pieces"
    title = "This upload came in too many small pieces; start again with larger ones."


class TooManyUploads(TooManyRequests):
    """The owner's unfinished uploads reach the limit of their number or bytes."""

    code = "too_many_uploads"
    title = "Too many uploads are unfinished: finish one or delete one."


@dataclass(frozen=True, slots=True)
class ParkingLimits:
    """Limits of one owner's unfinished uploads, which count towards no other quota.

    Announced lengths count, not received bytes: they may arrive at any time, and pieces then need
    no check. An upload idle for `idle_s` gives way to a new one. Lost replies and forgotten uploads
    therefore lock nobody out for a day.
    """

    uploads_max: int
    bytes_max: int
    idle_s: int = 3_600


@dataclass(frozen=True, slots=True)
class ParkedUpload:
    """An unfinished upload; it is idle after `ParkingLimits.idle_s` without a piece."""

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
    """What a sender announces before the first byte."""

    owner_id: int
    length: int
    metadata: str
    sha256: bytes | None


@dataclass(frozen=True, slots=True)
class StoredUpload:
    """An upload as the database has it; `photo_id` is set once a photo was made of it.

    `sha256` is the announced digest of all bytes.
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
        """When it is swept unless another piece arrives."""
        return self.touched_at + KEPT

    @property
    def is_whole(self) -> bool:
        """Whether all bytes have arrived."""
        return self.received == self.length


@dataclass(frozen=True, slots=True)
class OpenUpload:
    """An unfinished upload: its length, the bytes received, and the number of pieces."""

    owner_id: int
    id: int
    length: int
    received: int
    pieces: int

    def takes(self, start: int, size: int) -> bool:
        """Whether these bytes fit; False for the first ones, whose kind must be checked."""
        fits = 0 < size <= self.length - start
        return start == self.received > 0 and fits and self.pieces < PIECES_MAX


def upload_of(stored: StoredUpload, photo: Photo | None) -> Upload:
    """The upload as its owner sees it."""
    return {
        "id": stored.id,
        "offset": stored.received,
        "length": stored.length,
        "metadata": stored.metadata,
        "expires_at": wire_time(stored.expires_at),
        "photo": photo,
    }
