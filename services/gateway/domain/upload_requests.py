"""What requests ask of an upload, and what replies tell of it, in every dialect."""

import base64
import hashlib
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from shared.contracts.photos import NewUpload, Upload
from shared.errors import AppError

BYTES_MAX = 20_000_000
ALGORITHMS: Mapping[str, Callable[[], Any]] = {"sha1": hashlib.sha1, "sha256": hashlib.sha256}
# More than any limit or offset; larger numbers are read as this one.
_NUMBER_MAX = 10**9


class ChecksumMismatch(AppError):
    """The bytes differ from those sent; none of them are kept."""

    status = 460
    code = "checksum_mismatch"
    title = "The bytes do not have this checksum."


@dataclass(frozen=True, slots=True)
class Checksum:
    """The client's checksum of one request's bytes."""

    algorithm: str
    digest: bytes

    def hasher(self) -> Any:
        """A hashlib object for this algorithm."""
        return ALGORITHMS[self.algorithm]()


@dataclass(frozen=True, slots=True)
class Beginning:
    """A request for a new upload; a body is refused unless it `brings_bytes`.

    `is_last` if it announces that no more bytes will follow.
    """

    new: NewUpload
    brings_bytes: bool
    checksum: Checksum | None = None
    is_last: bool = False


@dataclass(frozen=True, slots=True)
class Addition:
    """A request that brings `size` bytes for `offset`; None if it does not tell their number.

    `length` is that of the whole upload, if the request names it.
    """

    offset: int
    checksum: Checksum | None = None
    is_last: bool = False
    size: int | None = None
    length: int | None = None


class Dialect(Protocol):
    """A protocol of resumable uploads: how it spells requests and progress.

    Header names are in lower case, and a header that comes twice is one with a comma.
    """

    @property
    def compares(self) -> bool:
        """Whether a request is compared with its upload before its bytes are taken."""

    @property
    def progress_status(self) -> int:
        """The status of a reply to HEAD."""

    def check(self, headers: Mapping[str, str]) -> None:
        """Check what every request says of the protocol; raises AppErrors of status 400 or 412."""

    def beginning(self, headers: Mapping[str, str], sha256: bytes | None) -> Beginning:
        """Parse a request for a new upload, with the digest announced for all of its bytes."""

    def addition(self, headers: Mapping[str, str]) -> Addition:
        """Parse a request that appends; raises BadRequest and UnsupportedMediaType."""

    def progress(self, upload: Upload, now: datetime) -> dict[str, str]:
        """The headers of a reply that tells the progress."""

    def refused_picture(self) -> dict[str, str]:
        """The headers of a reply that refuses a picture all of whose bytes came."""


class Incoming(Protocol):
    """The body of a request; `was_cut` is true once its connection broke off."""

    was_cut: bool

    def chunks(self) -> AsyncIterator[bytes]:
        """The bytes as they may be appended; a cut ends them."""


def new_upload(length: int, metadata: str, sha256: bytes | None) -> NewUpload:
    """What upload is told of a new upload."""
    digest = None if sha256 is None else sha256.hex()
    return {"length": length, "metadata": metadata, "sha256": digest}


def is_media_type(said: str | None, wanted: str) -> bool:
    """Whether a Content-Type is the wanted media type, as RFC 9110 compares types."""
    return (said or "").partition(";")[0].strip().lower() == wanted


def bounded_number(digits: str) -> int:
    """The number of these decimal digits; beyond any limit, one that is beyond all of them."""
    digits = digits.lstrip("0")
    return int(digits or "0") if len(digits) < len(str(_NUMBER_MAX)) else _NUMBER_MAX


def progress_headers(upload: Upload) -> dict[str, str]:
    """The upload's progress; after the last byte also its photo and the digest."""
    headers = {"Upload-Offset": str(upload["offset"]), "Cache-Control": "no-store"}
    if upload["metadata"]:
        headers["Upload-Metadata"] = upload["metadata"]
    if (photo := upload["photo"]) is not None:
        digest = base64.b64encode(bytes.fromhex(photo["sha256"])).decode()
        headers |= {"Photo-Id": str(photo["id"]), "Repr-Digest": f"sha-256=:{digest}:"}
    return headers
