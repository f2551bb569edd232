"""The dialect of the IETF draft "Resumable Uploads for HTTP", by its interop versions.

Written after draft-ietf-httpbis-resumable-upload-12. Each interop version names some of the
drafts: 3 is draft 01, 4 and 5 are 02 and 03, 6 is 04 and 05, 7 is 06 to 08, 8 is 09 to 12.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from services.gateway.domain.upload_metadata import metadata_in
from services.gateway.domain.upload_requests import (
    BYTES_MAX,
    Addition,
    Beginning,
    bounded_number,
    is_media_type,
    new_upload,
    progress_headers,
)
from shared.contracts.photos import Upload
from shared.errors import BadRequest, Conflict, UnsupportedMediaType

CONTENT_TYPE = "application/partial-upload"
VERSION_HEADER = "Upload-Draft-Interop-Version"
VERSIONS = range(3, 9)
# URLSession of iOS 17; from 4 on, the field says the opposite under another name.
_INCOMPLETE_VERSION = 3
# The first with a media type and limits, and the one that called `max-age` otherwise.
_MEDIA_TYPE_SINCE = 6
_EXPIRES_VERSION = 6
LIMITS = f"max-size={BYTES_MAX}, min-size=1"

_PROBLEMS = "https://iana.org/assignments/http-problem-types#"
# RFC 9651: an Item is a bare item with parameters, which say nothing here.
_BARE = (
    r"(?:-?\d{1,15}|-?\d{1,12}\.\d{1,3}|\?[01]|:[A-Za-z0-9+/=]*:|@-?\d{1,15}"
    r'|%?"(?:[ !#-\[\]-~]|\\["\\])*"|[A-Za-z*][!#$%&\'*+.^_`|~:/A-Za-z0-9-]*)'
)
_PARAMETERS = rf"(?:; *[a-z*][a-z0-9_.*-]*(?:={_BARE})?)*"
_BOOLEAN = re.compile(rf" *\?([01]){_PARAMETERS} *", re.ASCII)
_COUNT = re.compile(rf" *(-?\d{{1,15}}){_PARAMETERS} *", re.ASCII)


class MismatchingOffset(Conflict):
    """The bytes are for another offset than the upload's, which the reply names."""

    code = "offset_mismatch"
    title = "The upload has another offset."
    type_uri = _PROBLEMS + "mismatching-upload-offset"

    def __init__(self, expected: int, provided: int) -> None:
        super().__init__()
        self.expected, self.provided = expected, provided

    def headers(self) -> Mapping[str, str]:
        """Return the offset where the upload goes on."""
        return {"Upload-Offset": str(self.expected)}

    def members(self) -> Mapping[str, int]:
        """Return both offsets."""
        return {"expected-offset": self.expected, "provided-offset": self.provided}


class CompletedUpload(BadRequest):
    """All bytes are here, and the request says that more will follow."""

    code = "upload_completed"
    title = "This upload is complete."
    type_uri = _PROBLEMS + "completed-upload"


class InconsistentLength(BadRequest):
    """The request's bytes and lengths do not agree with each other or with the upload."""

    code = "inconsistent_upload_length"
    title = "These bytes do not agree with the upload's length."
    type_uri = _PROBLEMS + "inconsistent-upload-length"


@dataclass(frozen=True, slots=True)
class Draft:
    """The dialect of one interop version, which differ in names only."""

    version: int

    compares: ClassVar[bool] = True
    progress_status: ClassVar[int] = 204

    def check(self, headers: Mapping[str, str]) -> None:
        """Raise BadRequest for a version that is not spoken."""
        del headers
        if self.version not in VERSIONS:
            spoken = f"{VERSIONS[0]} to {VERSIONS[-1]}"
            raise BadRequest(f"{VERSION_HEADER} must be one of {spoken}.")

    def beginning(self, headers: Mapping[str, str], sha256: bytes | None) -> Beginning:
        """A request for a new upload; its length is announced or that of a whole body."""
        is_last = self._is_last(headers)
        size, length = _size(headers), count_in(headers.get("upload-length"))
        if length is None and is_last:
            length = size
        if length is None:
            raise BadRequest("Announce the length of the whole picture in Upload-Length.")
        _require_agreement(0, size, length, is_last=is_last)
        new = new_upload(length, metadata_in(headers.get("upload-metadata")), sha256)
        return Beginning(new, size != 0, is_last=is_last)

    def addition(self, headers: Mapping[str, str]) -> Addition:
        """A request that appends."""
        is_last = self._is_last(headers)
        said = headers.get("content-type")
        if self.version >= _MEDIA_TYPE_SINCE and not is_media_type(said, CONTENT_TYPE):
            raise UnsupportedMediaType(f"The bytes of an upload must come as {CONTENT_TYPE}.")
        offset = count_in(headers.get("upload-offset"))
        if offset is None:
            raise BadRequest("Upload-Offset must be a number of bytes.")
        length = count_in(headers.get("upload-length"))
        return Addition(offset, None, is_last, _size(headers), length)

    def progress(self, upload: Upload, now: datetime) -> dict[str, str]:
        """The progress, whether that is all, and the limits with the rest of its life."""
        is_whole = upload["photo"] is not None
        rest_s = (datetime.fromisoformat(upload["expires_at"]) - now).total_seconds()
        life = "expires" if self.version == _EXPIRES_VERSION else "max-age"
        return {
            **progress_headers(upload),
            **self.completeness(is_complete=is_whole),
            "Upload-Limit": f"{LIMITS}, {life}={max(int(rest_s), 0)}",
        }

    def refused_picture(self) -> dict[str, str]:
        """The upload is complete, so that nobody resumes it."""
        return self.completeness(is_complete=True)

    def completeness(self, *, is_complete: bool) -> dict[str, str]:
        """The header for the completeness, as this version calls it."""
        if self.version == _INCOMPLETE_VERSION:
            return {"Upload-Incomplete": "?0" if is_complete else "?1"}
        return {"Upload-Complete": "?1" if is_complete else "?0"}

    def _is_last(self, headers: Mapping[str, str]) -> bool:
        (name,) = self.completeness(is_complete=True)
        said = flag_in(headers.get(name.lower()))
        if said is None:
            raise BadRequest(f"{name} must be ?0 or ?1.")
        return said != (self.version == _INCOMPLETE_VERSION)


def draft_of(headers: Mapping[str, str]) -> Draft | None:
    """The version of the draft that a request speaks, None if it does not speak it.

    Only drafts have a header for it, so a request may speak the newest without.
    """
    said = headers.get(VERSION_HEADER.lower())
    if said is not None:
        version = count_in(said)
        return Draft(VERSIONS[-1] + 1 if version is None else version)
    if "upload-incomplete" in headers:
        return Draft(_INCOMPLETE_VERSION)
    is_partial = is_media_type(headers.get("content-type"), CONTENT_TYPE)
    return Draft(VERSIONS[-1]) if is_partial or "upload-complete" in headers else None


def require_consistent(upload: Upload, addition: Addition) -> None:
    """Compare a request with the upload before its bytes are taken.

    Raises InconsistentLength, MismatchingOffset and CompletedUpload. An empty last request is
    fine after the last byte, because its reply may have been lost.
    """
    length = upload["length"]
    if addition.length not in {None, length}:
        raise InconsistentLength
    if addition.offset != upload["offset"]:
        raise MismatchingOffset(upload["offset"], addition.offset)
    if addition.offset == length and addition.size == 0 and not addition.is_last:
        raise CompletedUpload
    _require_agreement(addition.offset, addition.size, length, is_last=addition.is_last)


def _require_agreement(offset: int, size: int | None, length: int, *, is_last: bool) -> None:
    if size is None:
        return
    if offset + size > length or (is_last and offset + size < length):
        raise InconsistentLength


def _size(headers: Mapping[str, str]) -> int | None:
    if "transfer-encoding" in headers:
        return None
    said = headers.get("content-length", "0")
    return bounded_number(said) if said.isdecimal() and said.isascii() else None


def flag_in(said: str | None) -> bool | None:
    """A Boolean Item of RFC 9651; None for anything else, which the draft ignores."""
    found = None if said is None else _BOOLEAN.fullmatch(said)
    return None if found is None else found[1] == "1"


def count_in(said: str | None) -> int | None:
    """A non-negative Integer Item of RFC 9651; None for anything else."""
    found = None if said is None else _COUNT.fullmatch(said)
    if found is None or int(found[1]) < 0:
        return None
    return bounded_number(found[1].lstrip("-"))
