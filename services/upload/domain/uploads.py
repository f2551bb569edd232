"""A picture that comes in pieces: how long it is waited for, and what goes wrong with a piece."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.upload.domain.wire_time import wire_time
from shared.contracts.photos import Photo, Upload
from shared.errors import Conflict

# Since the last piece: a phone may be without a network over night.
KEPT = timedelta(hours=24)

PIECE_BYTES_MAX = 1024 * 1024
METADATA_CHARACTERS_MAX = 1_000
# Whoever sends a few bytes at a time would make an object of each.
PIECES_MAX = 2_000


class OffsetMismatch(Conflict):
    """The piece does not begin where the durable bytes end: ask where that is, and go on there."""

    code = "offset_mismatch"
    title = "The upload does not stand at this offset."


class TooManyPieces(Conflict):
    """It came in too many too small pieces."""

    code = "too_many_pieces"
    title = "This upload came in too many small pieces; begin it anew with larger ones."


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
