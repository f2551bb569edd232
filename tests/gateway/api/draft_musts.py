"""The table of what the IETF draft demands: a section, a request, and what the reply must be."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

VERSION = {"Upload-Draft-Interop-Version": "8"}
PART = {**VERSION, "Upload-Complete": "?0"}
REST = {**VERSION, "Upload-Complete": "?1"}
LENGTH = {"Upload-Length": "10"}
BYTES = {"Content-Type": "application/partial-upload"}
ONE, ALL = "/v1/uploads/77", "/v1/uploads"
FOG, TEN = b"fog", b"0123456789"
TYPES = "https://iana.org/assignments/http-problem-types#"
LIMIT = "max-size=20000000, min-size=1, max-age="
LIFE = "86400"
LOOK, KEEP, OPEN = "GET /uploads/77", "POST /uploads/77/pieces", "POST /uploads"
DROP = "DELETE /uploads/77"


@dataclass(frozen=True)
class Demand:
    """A section of the draft, a request to an upload of ten bytes, and the reply.

    The upload stands at `at`. `headers` of the reply map to their values, None for absent.
    `problem` holds members of the problem. `touches` names the calls that upload may see.
    """

    section: str
    method: str
    path: str
    sent: Mapping[str, str]
    status: int
    headers: Mapping[str, str | None] = field(default_factory=dict)
    content: bytes = b""
    at: int = 0
    problem: Mapping[str, object] = field(default_factory=dict)
    touches: tuple[str, ...] = ()
    in_chunks: bool = False


def _append(
    section: str,
    at: int,
    sent: Mapping[str, str],
    content: bytes,
    status: int,
    headers: Mapping[str, str | None],
    *touches: str,
    **more: Any,
) -> Demand:
    return Demand(
        section,
        "PATCH",
        ONE,
        {**BYTES, **sent},
        status,
        headers,
        content,
        at,
        touches=touches,
        **more,
    )


MISMATCH = {"type": f"{TYPES}mismatching-upload-offset", "code": "offset_mismatch"}
INCONSISTENT = {
    "type": f"{TYPES}inconsistent-upload-length",
    "code": "inconsistent_upload_length",
}
COMPLETED = {"type": f"{TYPES}completed-upload", "code": "upload_completed"}
DONE = {"Upload-Offset": "10", "Upload-Complete": "?1", "Photo-Id": "5"}
NOT_DONE = {"Upload-Complete": "?0", "Photo-Id": None}

DEMANDS = [
    Demand("4.1.4 OPTIONS: Accept-Patch and limits", "OPTIONS", ALL, {}, 204,
           {"Accept-Patch": "application/partial-upload, application/offset+octet-stream",
            "Upload-Limit": "max-size=20000000, min-size=1"}),
    Demand("4.2 creation, empty: Location and limits", "POST", ALL, {**PART, **LENGTH}, 201,
           {"Location": ONE, **NOT_DONE, "Upload-Offset": "0", "Upload-Limit": LIMIT + LIFE,
            "Tus-Resumable": None}, touches=(OPEN,)),
    Demand("4.2 creation with the first bytes", "POST", ALL, {**PART, **LENGTH}, 201,
           {"Location": ONE, **NOT_DONE, "Upload-Offset": "3"}, FOG, touches=(OPEN, KEEP)),
    Demand("4.2 creation with all bytes", "POST", ALL, REST, 201, {**DONE, "Location": ONE}, TEN,
           touches=(OPEN, KEEP)),
    Demand("4.2 creation with all bytes and their length", "POST", ALL, {**REST, **LENGTH}, 201,
           DONE, TEN, touches=(OPEN, KEEP)),
    Demand("4.2 creation with all bytes of any media type", "POST", ALL,
           {**REST, "Content-Type": "image/jpeg"}, 201, DONE, TEN, touches=(OPEN, KEEP)),
    Demand("4.2 creation with all bytes in chunks", "POST", ALL, {**REST, **LENGTH}, 201, DONE, TEN,
           touches=(OPEN, KEEP), in_chunks=True),
    Demand("4.2 creation in chunks that end too early", "POST", ALL, {**REST, **LENGTH}, 400, {},
           FOG, problem=INCONSISTENT, touches=(OPEN, KEEP, DROP), in_chunks=True),
    Demand("4.2 creation with all bytes: the newest version", "POST", ALL,
           {"Upload-Complete": "?1"}, 201, DONE, TEN, touches=(OPEN, KEEP)),
    Demand("beside the draft: Upload-Metadata that is none", "POST", ALL,
           {**PART, **LENGTH, "Upload-Metadata": "a b c"}, 400),
    Demand("4.2 creation without a length", "POST", ALL, PART, 400,
           problem={"code": "bad_request"}),
    Demand("4.2 creation in chunks without a length", "POST", ALL, REST, 400, {}, TEN,
           problem={"code": "bad_request"}, in_chunks=True),
    Demand("4.1.3 creation: lengths that differ", "POST", ALL, {**REST, **LENGTH}, 400, {}, FOG,
           problem=INCONSISTENT),
    Demand("4.1.3 creation: more bytes than the length", "POST", ALL, {**PART, **LENGTH}, 400, {},
           TEN + FOG, problem=INCONSISTENT),
    Demand("4.1.4 creation: 413 names the limits", "POST", ALL,
           {**PART, "Upload-Length": "20000001"}, 413,
           {"Upload-Limit": "max-size=20000000, min-size=1"}, touches=(OPEN,)),
    Demand("4.1.2 creation: a flag that is none is ignored", "POST", ALL,
           {**VERSION, **LENGTH, "Upload-Complete": "true"}, 400),
    Demand("4.1.2 creation: without a flag", "POST", ALL, {**VERSION, **LENGTH}, 400),
    Demand("4.1.2 creation: a flag with parameters and spaces", "POST", ALL,
           {**VERSION, **LENGTH, "Upload-Complete": " ?0;a=1 "}, 201, NOT_DONE, touches=(OPEN,)),
    Demand("4.1.3 creation: a length with parameters", "POST", ALL,
           {**PART, "Upload-Length": "10; unit=b"}, 201, NOT_DONE, touches=(OPEN,)),
    Demand("8.2 creation: a digest of the content that differs", "POST", ALL,
           {**PART, **LENGTH, "Content-Digest": f"sha-256=:{'A' * 43}=:"}, 422, {}, FOG,
           problem={"code": "digest_mismatch"}, touches=(OPEN, DROP)),
    Demand("4.3 HEAD: offset, completeness, length, limits, no-store", "HEAD", ONE, VERSION, 204,
           {"Upload-Offset": "3", "Upload-Complete": "?0", "Upload-Length": "10",
            "Upload-Limit": LIMIT + LIFE, "Cache-Control": "no-store"}, at=3, touches=(LOOK,)),
    Demand("4.3 HEAD: of a complete upload", "HEAD", ONE, VERSION, 204, DONE, at=10,
           touches=(LOOK,)),
    Demand("4.3 HEAD: of nothing", "HEAD", "/v1/uploads/78", VERSION, 404,
           {"Upload-Offset": None}, touches=("GET /uploads/78",)),
    _append("4.4 PATCH: some bytes", 3, {**PART, "Upload-Offset": "3"}, FOG, 204,
            {**NOT_DONE, "Upload-Offset": "6"}, LOOK, KEEP),
    _append("4.4 PATCH: the rest", 7, {**REST, "Upload-Offset": "7"}, FOG, 204, DONE, LOOK, KEEP),
    _append("4.4 PATCH: the rest in chunks", 7, {**REST, "Upload-Offset": "7"}, FOG, 204, DONE,
            LOOK, KEEP, in_chunks=True),
    _append("4.4 PATCH: no bytes at the end", 10, {**REST, "Upload-Offset": "10"}, b"", 204, DONE,
            LOOK, KEEP),
    _append("4.4 PATCH: no bytes before the end", 3, {**PART, "Upload-Offset": "3"}, b"", 204,
            {**NOT_DONE, "Upload-Offset": "3"}, LOOK, KEEP),
    _append("4.4 PATCH: parameters of the offset", 3, {**PART, "Upload-Offset": " 3;a"}, FOG, 204,
            {"Upload-Offset": "6"}, LOOK, KEEP),
    _append("4.4 PATCH: another offset", 3, {**PART, "Upload-Offset": "4"}, FOG, 409,
            {"Upload-Offset": "3"}, LOOK,
            problem={**MISMATCH, "expected-offset": 3, "provided-offset": 4}),
    _append("4.4 PATCH: a repetition after a lost reply", 10, {**REST, "Upload-Offset": "7"}, FOG,
            409, {"Upload-Offset": "10"}, LOOK,
            problem={**MISMATCH, "expected-offset": 10, "provided-offset": 7}),
    _append("4.4 PATCH: bytes of a complete upload", 10, {**PART, "Upload-Offset": "10"}, FOG, 400,
            {}, LOOK, problem=INCONSISTENT),
    _append("4.4 PATCH: a complete upload goes on", 10, {**PART, "Upload-Offset": "10"}, b"", 400,
            {}, LOOK, problem=COMPLETED),
    _append("4.4 PATCH: the rest is too short", 3, {**REST, "Upload-Offset": "3"}, FOG, 400, {},
            LOOK, problem=INCONSISTENT),
    _append("4.4 PATCH: the rest in chunks is too short", 3, {**REST, "Upload-Offset": "3"}, FOG,
            400, {}, LOOK, KEEP, problem=INCONSISTENT, in_chunks=True),
    _append("4.4 PATCH: more than the length", 3, {**PART, "Upload-Offset": "3"}, TEN, 400, {},
            LOOK, problem=INCONSISTENT),
    _append("4.4 PATCH: chunks beyond the length end the upload", 3,
            {**PART, "Upload-Offset": "3"}, TEN, 400, {}, LOOK, KEEP, DROP, problem=INCONSISTENT,
            in_chunks=True),
    _append("4.4 PATCH: another length", 3, {**PART, "Upload-Offset": "3", "Upload-Length": "11"},
            FOG, 400, {}, LOOK, problem=INCONSISTENT),
    _append("4.4 PATCH: the same length", 3, {**PART, "Upload-Offset": "3", **LENGTH}, FOG, 204,
            {"Upload-Offset": "6"}, LOOK, KEEP),
    _append("4.4 PATCH: without a flag", 3, {**VERSION, "Upload-Offset": "3"}, FOG, 400, {}),
    _append("4.4 PATCH: without an offset", 3, PART, FOG, 400, {}),
    _append("4.4 PATCH: a negative offset", 3, {**PART, "Upload-Offset": "-3"}, FOG, 400, {}),
    _append("4.4 PATCH: another media type", 3,
            {**PART, "Upload-Offset": "3", "Content-Type": "image/jpeg"}, FOG, 415, {}),
    _append("4.4 PATCH: the media type's spelling", 3,
            {**PART, "Upload-Offset": "3", "Content-Type": "Application/Partial-Upload;v=1"}, FOG,
            204, {"Upload-Offset": "6"}, LOOK, KEEP),
    Demand("4.4 PATCH: of nothing", "PATCH", "/v1/uploads/78",
           {**PART, **BYTES, "Upload-Offset": "0"}, 404, {}, FOG, touches=("GET /uploads/78",)),
    Demand("4.5 DELETE", "DELETE", ONE, VERSION, 204, touches=(DROP,)),
    *(Demand(f"A: version {version} is not spoken", "POST", ALL,
             {**PART, **LENGTH, "Upload-Draft-Interop-Version": version}, 400)
      for version in ("2", "9", "eight", "")),
    Demand("A: HEAD of version 3", "HEAD", ONE, {"Upload-Draft-Interop-Version": "3"}, 204,
           {"Upload-Incomplete": "?1", "Upload-Complete": None}, at=3, touches=(LOOK,)),
    Demand("A: creation of version 3", "POST", ALL,
           {"Upload-Draft-Interop-Version": "3", "Upload-Incomplete": "?0"}, 201,
           {"Upload-Incomplete": "?0", "Photo-Id": "5"}, TEN, touches=(OPEN, KEEP)),
    Demand("A: PATCH of version 3 has no media type", "PATCH", ONE,
           {"Upload-Draft-Interop-Version": "3", "Upload-Incomplete": "?1", "Upload-Offset": "3"},
           204, {"Upload-Incomplete": "?1", "Upload-Offset": "6"}, FOG, 3, touches=(LOOK, KEEP)),
    Demand("A: version 3 has another flag", "POST", ALL,
           {**PART, **LENGTH, "Upload-Draft-Interop-Version": "3"}, 400),
    Demand("A: version 6 has another name for the life", "HEAD", ONE,
           {"Upload-Draft-Interop-Version": "6"}, 204,
           {"Upload-Limit": f"max-size=20000000, min-size=1, expires={LIFE}"}, touches=(LOOK,)),
    *(Demand(f"both protocols in one {method}: {name}", method, path,
             {**PART, **LENGTH, "Upload-Offset": "0", name: value}, 400, {}, content,
             problem={"code": "bad_request"})
      for method, path, content in (("POST", ALL, b""), ("PATCH", ONE, FOG), ("HEAD", ONE, b""),
                                    ("DELETE", ONE, b""))
      for name, value in (("Tus-Resumable", "1.0.0"),
                          ("Upload-Checksum", "sha1 x"), ("Upload-Defer-Length", "1"),
                          ("Content-Type", "application/offset+octet-stream"))),
]  # fmt: skip
