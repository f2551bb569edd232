"""Headers, limits and errors of tus 1.0.0, the protocol of resumable uploads."""

import base64
import binascii
from collections.abc import Mapping
from datetime import datetime
from email.utils import format_datetime

from services.gateway.domain import upload_requests
from services.gateway.domain.upload_metadata import metadata_in
from services.gateway.domain.upload_requests import (
    ALGORITHMS,
    BYTES_MAX,
    Addition,
    Beginning,
    Checksum,
    bounded_number,
    is_media_type,
    new_upload,
)
from shared.contracts.photos import Upload
from shared.errors import AppError, BadRequest, UnsupportedMediaType

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,expiration,checksum,termination"
CONTENT_TYPE = "application/offset+octet-stream"
WRONG_TYPE = f"The bytes of an upload must come as {CONTENT_TYPE}."

_SUCCESSES = range(200, 300)
_VERSION_HEADERS = {"Tus-Resumable": VERSION}
_VERSIONS_HEADERS = {"Tus-Version": VERSION}
_OPTIONS_HEADERS = {
    **_VERSIONS_HEADERS,
    "Tus-Extension": EXTENSIONS,
    "Tus-Max-Size": str(BYTES_MAX),
    "Tus-Checksum-Algorithm": ",".join(ALGORITHMS),
}


class VersionNotSpoken(AppError):
    """The client names no version of the protocol, or another one."""

    status = 412
    code = "tus_version_not_spoken"
    title = "Uploads need tus 1.0.0: name it in Tus-Resumable."


# Headers of extensions that are not offered; without this check they would be ignored.
_NOT_OFFERED = {
    "upload-defer-length": "Announce the length: uploads of unknown length are not offered.",
    "upload-concat": "Send one upload per picture: concatenation is not offered.",
}


class Tus:
    """The dialect of tus 1.0.0."""

    compares = False
    progress_status = 200

    def check(self, headers: Mapping[str, str]) -> None:
        """Raise VersionNotSpoken for another version."""
        if headers.get("tus-resumable") != VERSION:
            raise VersionNotSpoken

    def beginning(self, headers: Mapping[str, str], sha256: bytes | None) -> Beginning:
        """A request for a new upload; bytes of another type would be read and dropped."""
        check_offered(headers)
        length = number_in("Upload-Length", headers.get("upload-length"))
        metadata = metadata_in(headers.get("upload-metadata"))
        brings_bytes = is_media_type(headers.get("content-type"), CONTENT_TYPE)
        if not brings_bytes and "upload-checksum" in headers:
            raise UnsupportedMediaType(WRONG_TYPE)
        checksum = checksum_in(headers.get("upload-checksum"))
        return Beginning(new_upload(length, metadata, sha256), brings_bytes, checksum)

    def addition(self, headers: Mapping[str, str]) -> Addition:
        """A request that appends."""
        check_offered(headers)
        if not is_media_type(headers.get("content-type"), CONTENT_TYPE):
            raise UnsupportedMediaType(WRONG_TYPE)
        offset = number_in("Upload-Offset", headers.get("upload-offset"))
        return Addition(offset, checksum_in(headers.get("upload-checksum")))

    def progress(self, upload: Upload, now: datetime) -> dict[str, str]:
        """The progress, and when the upload expires."""
        del now  # It names the moment itself.
        expires_at = datetime.fromisoformat(upload["expires_at"])
        return {
            **upload_requests.progress_headers(upload),
            "Upload-Expires": format_datetime(expires_at, usegmt=True),
        }

    def refused_picture(self) -> dict[str, str]:
        """Nothing more than the problem."""
        return {}


def check_offered(headers: Mapping[str, str]) -> None:
    """Raise BadRequest for a header of an extension that OPTIONS does not list."""
    for name, refusal in _NOT_OFFERED.items():
        if name in headers:
            raise BadRequest(refusal)
    if "upload-checksum" in headers.get("trailer", "").lower():
        raise BadRequest("Send Upload-Checksum before the body: trailers are not offered.")


def number_in(name: str, said: str | None) -> int:
    """A header that counts bytes; raises BadRequest if it is missing or no number."""
    if said is None or not said.isdecimal() or not said.isascii():
        raise BadRequest(f"{name} must be a number of bytes.")
    return bounded_number(said)


def checksum_in(said: str | None) -> Checksum | None:
    """Parse Upload-Checksum; raises BadRequest for an unknown algorithm or a malformed digest."""
    if said is None:
        return None
    algorithm, _, encoded = said.partition(" ")
    try:
        digest = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        digest = b""
    if algorithm not in ALGORITHMS or len(digest) != ALGORITHMS[algorithm]().digest_size:
        raise BadRequest("Upload-Checksum must be sha1 or sha256, and the digest in Base64.")
    return Checksum(algorithm, digest)


def reply_headers(method: str, status: int) -> Mapping[str, str]:
    """What every reply of the routes carries, with this method and status."""
    if method == "OPTIONS" and status in _SUCCESSES:
        return _VERSION_HEADERS | _OPTIONS_HEADERS
    return _VERSION_HEADERS | (_VERSIONS_HEADERS if status == VersionNotSpoken.status else {})
