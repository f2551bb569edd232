"""Headers, limits and errors of tus 1.0.0, the protocol of resumable uploads."""

import base64
import binascii
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from typing import Any

from shared.contracts.photos import Upload
from shared.errors import AppError, BadRequest

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,expiration,checksum,termination"
BYTES_MAX = 20_000_000
CONTENT_TYPE = "application/offset+octet-stream"

_ALGORITHMS: dict[str, Callable[[], Any]] = {"sha1": hashlib.sha1, "sha256": hashlib.sha256}
_METADATA_CHARACTERS_MAX = 1_000
# Longer numbers in headers are not a length.
_DIGITS_MAX = 12

VERSION_HEADERS = {"Tus-Resumable": VERSION}
OPTIONS_HEADERS = {
    **VERSION_HEADERS,
    "Tus-Version": VERSION,
    "Tus-Extension": EXTENSIONS,
    "Tus-Max-Size": str(BYTES_MAX),
    "Tus-Checksum-Algorithm": ",".join(_ALGORITHMS),
}


class VersionNotSpoken(AppError):
    """The client names no version of the protocol, or another one."""

    status = 412
    code = "tus_version_not_spoken"
    title = "Uploads need tus 1.0.0: name it in Tus-Resumable."


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
        return _ALGORITHMS[self.algorithm]()


def check_version(said: str | None) -> None:
    """Raise VersionNotSpoken for another version."""
    if said != VERSION:
        raise VersionNotSpoken


def number_in(name: str, said: str | None) -> int:
    """A header that counts bytes; raises BadRequest if it is missing or no number."""
    if said is None or not said.isdecimal() or len(said) > _DIGITS_MAX:
        raise BadRequest(f"{name} must be a number of bytes.")
    return int(said)


def checksum_in(said: str | None) -> Checksum | None:
    """Parse Upload-Checksum; raises BadRequest for an unknown algorithm or a malformed digest."""
    if said is None:
        return None
    algorithm, _, encoded = said.partition(" ")
    try:
        digest = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        digest = b""
    if algorithm not in _ALGORITHMS or len(digest) != _ALGORITHMS[algorithm]().digest_size:
        raise BadRequest("Upload-Checksum must be sha1 or sha256, and the digest in Base64.")
    return Checksum(algorithm, digest)


def metadata_in(said: str | None) -> str:
    """Upload-Metadata unchanged; raises BadRequest unless it is keys with values in Base64."""
    if not said:
        return ""
    pairs = [pair.strip().split(" ") for pair in said.split(",")]
    if len(said) > _METADATA_CHARACTERS_MAX or not all(_is_pair(pair) for pair in pairs):
        raise BadRequest("Upload-Metadata must be keys, each with a value in Base64.")
    return said


def _is_pair(pair: list[str]) -> bool:
    key, *values = pair
    if not key.isascii() or not key or len(values) > 1:
        return False
    try:
        return all(base64.b64decode(value, validate=True) is not None for value in values)
    except (binascii.Error, ValueError):
        return False


def progress_headers(upload: Upload) -> dict[str, str]:
    """The upload's progress; after the last byte also its photo and the digest."""
    headers = {
        **VERSION_HEADERS,
        "Upload-Offset": str(upload["offset"]),
        "Upload-Expires": format_datetime(
            datetime.fromisoformat(upload["expires_at"]), usegmt=True
        ),
        "Cache-Control": "no-store",
    }
    if (photo := upload["photo"]) is not None:
        digest = base64.b64encode(bytes.fromhex(photo["sha256"])).decode()
        headers |= {"Photo-Id": str(photo["id"]), "Repr-Digest": f"sha-256=:{digest}:"}
    return headers
