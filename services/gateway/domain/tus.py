"""Headers, limits and errors of tus 1.0.0, the protocol of resumable uploads."""

import base64
import binascii
import hashlib
from collections.abc import Callable, Mapping
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
_SUCCESSES = range(200, 300)
# More than any limit or offset; larger numbers are read as this one.
_NUMBER_MAX = 10**9
_VERSION_HEADERS = {"Tus-Resumable": VERSION}
_VERSIONS_HEADERS = {"Tus-Version": VERSION}
_OPTIONS_HEADERS = {
    **_VERSIONS_HEADERS,
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


# Headers of extensions that are not offered; without this check they would be ignored.
_NOT_OFFERED = {
    "upload-defer-length": "Announce the length: uploads of unknown length are not offered.",
    "upload-concat": "Send one upload per picture: concatenation is not offered.",
}


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


def check_offered(headers: Mapping[str, str]) -> None:
    """Raise BadRequest for a header of an extension that OPTIONS does not list."""
    for name, refusal in _NOT_OFFERED.items():
        if name in headers:
            raise BadRequest(refusal)
    if "upload-checksum" in headers.get("trailer", "").lower():
        raise BadRequest("Send Upload-Checksum before the body: trailers are not offered.")


def is_content_type(said: str | None) -> bool:
    """Whether a body of this media type holds an upload's bytes, as RFC 9110 compares types."""
    return (said or "").partition(";")[0].strip().lower() == CONTENT_TYPE


def number_in(name: str, said: str | None) -> int:
    """A header that counts bytes; raises BadRequest if it is missing or no number.

    Numbers beyond any limit are returned as one that is beyond all of them.
    """
    if said is None or not said.isdecimal() or not said.isascii():
        raise BadRequest(f"{name} must be a number of bytes.")
    digits = said.lstrip("0")
    return int(digits or "0") if len(digits) < len(str(_NUMBER_MAX)) else _NUMBER_MAX


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
    if len({key for key, *_value in pairs}) < len(pairs):
        raise BadRequest("Upload-Metadata must name each key once.")
    return said


def _is_pair(pair: list[str]) -> bool:
    key, *values = pair
    if not key.isascii() or not key or len(values) > 1:
        return False
    try:
        return all(base64.b64decode(value, validate=True) is not None for value in values)
    except (binascii.Error, ValueError):
        return False


def reply_headers(method: str, status: int) -> Mapping[str, str]:
    """What every reply of the routes carries, with this method and status."""
    if method == "OPTIONS" and status in _SUCCESSES:
        return _VERSION_HEADERS | _OPTIONS_HEADERS
    return _VERSION_HEADERS | (_VERSIONS_HEADERS if status == VersionNotSpoken.status else {})


def progress_headers(upload: Upload) -> dict[str, str]:
    """The upload's progress; after the last byte also its photo and the digest."""
    headers = {
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
