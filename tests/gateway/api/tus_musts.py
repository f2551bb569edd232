"""The table of MUSTs of tus 1.0.0: a paragraph, a request, and what the reply must be."""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from services.gateway.domain.upload_requests import BYTES_MAX

TUS = {"Tus-Resumable": "1.0.0"}
BYTES = {"Content-Type": "application/offset+octet-stream"}
APPEND = {**TUS, **BYTES, "Upload-Offset": "0"}
BEGIN = {**TUS, "Upload-Length": "10"}
ONE, ALL = "/v1/uploads/77", "/v1/uploads"
FOG = b"fog"


def _sum_of(algorithm: str, content: bytes) -> str:
    digest = hashlib.new(algorithm, content, usedforsecurity=False).digest()
    return f"{algorithm} {base64.b64encode(digest).decode()}"


@dataclass(frozen=True)
class Must:
    """A paragraph of the protocol, a request, and what the reply must be.

    `headers` of the reply map to their values, None for absent. `touches` names the calls that
    upload may see: a refused request must not be processed.
    """

    paragraph: str
    method: str
    path: str
    sent: Mapping[str, str]
    status: int
    headers: Mapping[str, str | None] = field(default_factory=dict)
    content: bytes = b""
    touches: tuple[str, ...] = ()


P_TOUCH, B_TOUCH = ("POST /uploads/77/pieces",), ("POST /uploads",)
EXPIRES = "Fri, 02 Jan 2026 03:04:05 GMT"
# Names of the specification's chapters; "Core" has one for each header and request.
MUSTS = [
    Must(
        "Core, HEAD: Upload-Offset, even if 0",
        "HEAD",
        ONE,
        TUS,
        200,
        {"Upload-Offset": "0"},
        touches=("GET /uploads/77",),
    ),
    Must(
        "Core, HEAD: Upload-Length if it is known",
        "HEAD",
        ONE,
        TUS,
        200,
        {"Upload-Length": "10"},
        touches=("GET /uploads/77",),
    ),
    Must(
        "Core, HEAD: no-store",
        "HEAD",
        ONE,
        TUS,
        200,
        {"Cache-Control": "no-store"},
        touches=("GET /uploads/77",),
    ),
    Must(
        "Core, HEAD: of nothing, no Upload-Offset",
        "HEAD",
        "/v1/uploads/78",
        TUS,
        404,
        {"Upload-Offset": None, "Cache-Control": "no-store"},
        touches=("GET /uploads/78",),
    ),
    Must(
        "Core, PATCH: 204 and the sum of offset and bytes",
        "PATCH",
        ONE,
        APPEND,
        204,
        {"Upload-Offset": "3"},
        FOG,
        P_TOUCH,
    ),
    Must(
        "Core, PATCH: no bytes are a sum, too",
        "PATCH",
        ONE,
        APPEND,
        204,
        {"Upload-Offset": "0"},
        b"",
        P_TOUCH,
    ),
    Must(
        "Core, PATCH: another media type",
        "PATCH",
        ONE,
        {**APPEND, "Content-Type": "image/jpeg"},
        415,
        {},
        FOG,
    ),
    Must("Core, PATCH: no media type", "PATCH", ONE, {**TUS, "Upload-Offset": "0"}, 415, {}, FOG),
    Must(
        "Core, PATCH: the media type's case",
        "PATCH",
        ONE,
        {**APPEND, "Content-Type": "Application/Offset+Octet-Stream"},
        204,
        {"Upload-Offset": "3"},
        FOG,
        P_TOUCH,
    ),
    Must(
        "Core, PATCH: the media type's parameters",
        "PATCH",
        ONE,
        {**APPEND, "Content-Type": "application/offset+octet-stream; charset=binary"},
        204,
        {"Upload-Offset": "3"},
        FOG,
        P_TOUCH,
    ),
    Must(
        "Core, PATCH: another offset",
        "PATCH",
        ONE,
        {**APPEND, "Upload-Offset": "1"},
        409,
        {},
        FOG,
        P_TOUCH,
    ),
    Must(
        "Core, PATCH: an offset after the end",
        "PATCH",
        ONE,
        {**APPEND, "Upload-Offset": "11"},
        409,
        {},
        FOG,
        P_TOUCH,
    ),
    Must(
        "Core, PATCH: an offset of any size",
        "PATCH",
        ONE,
        {**APPEND, "Upload-Offset": "9" * 30},
        409,
        {},
        FOG,
        P_TOUCH,
    ),
    Must(
        "Core, PATCH: of nothing",
        "PATCH",
        "/v1/uploads/78",
        APPEND,
        404,
        {},
        FOG,
        ("POST /uploads/78/pieces",),
    ),
    Must("Core, PATCH: more than was announced", "PATCH", ONE, APPEND, 413, {}, FOG * 4, P_TOUCH),
    Must(
        "Core, Upload-Offset: not negative",
        "PATCH",
        ONE,
        {**APPEND, "Upload-Offset": "-1"},
        400,
        {},
        FOG,
    ),
    Must(
        "Core, Upload-Offset: an integer",
        "PATCH",
        ONE,
        {**APPEND, "Upload-Offset": "1.0"},
        400,
        {},
        FOG,
    ),
    Must("Core, Upload-Offset: named", "PATCH", ONE, {**TUS, **BYTES}, 400, {}, FOG),
    Must("Core, Upload-Length: not negative", "POST", ALL, {**TUS, "Upload-Length": "-1"}, 400),
    Must(
        "Core, OPTIONS: Tus-Version",
        "OPTIONS",
        ALL,
        {},
        204,
        {"Tus-Version": "1.0.0", "Tus-Resumable": "1.0.0"},
    ),
    Must(
        "Core, OPTIONS: of an upload",
        "OPTIONS",
        ONE,
        {},
        204,
        {"Tus-Version": "1.0.0", "Allow": "DELETE, HEAD, OPTIONS, PATCH"},
    ),
    Must("Core, OPTIONS: names the methods", "OPTIONS", ALL, {}, 204, {"Allow": "OPTIONS, POST"}),
    Must(
        "Core, OPTIONS: Tus-Resumable is ignored",
        "OPTIONS",
        ALL,
        {"Tus-Resumable": "0.2.2"},
        204,
        {"Tus-Version": "1.0.0"},
    ),
    Must(
        "Core, Tus-Extension",
        "OPTIONS",
        ALL,
        {},
        204,
        {"Tus-Extension": "creation,creation-with-upload,expiration,checksum,termination"},
    ),
    Must("Core, Tus-Max-Size", "OPTIONS", ALL, {}, 204, {"Tus-Max-Size": str(BYTES_MAX)}),
    *(
        Must(
            f"Core, Tus-Resumable: {version!r} in {method}",
            method,
            path,
            {**sent, "Tus-Resumable": version},
            412,
            {"Tus-Version": "1.0.0"},
            content,
        )
        for version in ("0.2.2", "2.0.0", "")
        for method, path, sent, content in (
            ("POST", ALL, BEGIN, b""),
            ("POST", ALL, {**BEGIN, **BYTES}, FOG),
            ("HEAD", ONE, {}, b""),
            ("PATCH", ONE, APPEND, FOG),
            ("DELETE", ONE, {}, b""),
            ("POST", ONE, {**APPEND, "X-HTTP-Method-Override": "PATCH"}, FOG),
            ("GET", "/v1/uploads/none", {}, b""),
        )
    ),
    *(
        Must(
            f"Core, Tus-Resumable: not named in {method}",
            method,
            path,
            sent,
            412,
            {"Tus-Version": "1.0.0"},
        )
        for method, path, sent in (
            ("POST", ALL, {"Upload-Length": "10"}),
            ("HEAD", ONE, {}),
            ("PATCH", ONE, {**BYTES, "Upload-Offset": "0"}),
            ("DELETE", ONE, {}),
        )
    ),
    Must(
        "Core, Tus-Version: with every 412",
        "DELETE",
        ONE,
        {**TUS, "If-Match": '"9"'},
        412,
        {"Tus-Version": "1.0.0"},
    ),
    Must(
        "Core, X-HTTP-Method-Override: PATCH",
        "POST",
        ONE,
        {**APPEND, "X-HTTP-Method-Override": "PATCH"},
        204,
        {"Upload-Offset": "3"},
        FOG,
        P_TOUCH,
    ),
    Must(
        "Core, X-HTTP-Method-Override: DELETE",
        "POST",
        ONE,
        {**TUS, "X-HTTP-Method-Override": "DELETE"},
        204,
        {},
        b"",
        ("DELETE /uploads/77",),
    ),
    Must(
        "Core, X-HTTP-Method-Override: HEAD",
        "POST",
        ONE,
        {**TUS, "X-HTTP-Method-Override": "HEAD"},
        200,
        {"Upload-Offset": "0"},
        b"",
        ("GET /uploads/77",),
    ),
    Must(
        "Core, X-HTTP-Method-Override: HEAD of nothing",
        "POST",
        "/v1/uploads/none",
        {**TUS, "X-HTTP-Method-Override": "HEAD"},
        404,
        {"Content-Length": "0"},
    ),
    Must(
        "Core, X-HTTP-Method-Override: the actual method is ignored",
        "PATCH",
        ALL,
        {**BEGIN, "X-HTTP-Method-Override": "POST"},
        201,
        {"Location": ONE},
        b"",
        B_TOUCH,
    ),
    Must(
        "Core, X-HTTP-Method-Override: even if it has a route",
        "DELETE",
        ONE,
        {**TUS, "X-HTTP-Method-Override": "HEAD"},
        200,
        {"Upload-Offset": "0"},
        b"",
        ("GET /uploads/77",),
    ),
    Must(
        "Core, X-HTTP-Method-Override: none that exists",
        "DELETE",
        ONE,
        {**TUS, "X-HTTP-Method-Override": "MOVE"},
        405,
        {"Allow": "DELETE, HEAD, OPTIONS, PATCH"},
    ),
    Must(
        "Creation, POST: 201 and Location", "POST", ALL, BEGIN, 201, {"Location": ONE}, b"", B_TOUCH
    ),
    Must("Creation, POST: neither length nor its deferral", "POST", ALL, TUS, 400),
    Must(
        "Creation, POST: over Tus-Max-Size",
        "POST",
        ALL,
        {**TUS, "Upload-Length": str(BYTES_MAX + 1)},
        413,
        {},
        b"",
        B_TOUCH,
    ),
    Must(
        "Creation, POST: over any number",
        "POST",
        ALL,
        {**TUS, "Upload-Length": "9" * 30},
        413,
        {},
        b"",
        B_TOUCH,
    ),
    Must(
        "Creation, Upload-Defer-Length: not offered",
        "POST",
        ALL,
        {**TUS, "Upload-Defer-Length": "1"},
        400,
    ),
    Must(
        "Creation, Upload-Defer-Length: nor beside a length",
        "POST",
        ALL,
        {**BEGIN, "Upload-Defer-Length": "1"},
        400,
    ),
    Must(
        "Creation, Upload-Metadata: keys are unique",
        "POST",
        ALL,
        {**BEGIN, "Upload-Metadata": "a Zg==,a Zw=="},
        400,
    ),
    Must(
        "Creation, Upload-Metadata: keys are not empty",
        "POST",
        ALL,
        {**BEGIN, "Upload-Metadata": "a Zg==,"},
        400,
    ),
    Must(
        "Creation, Upload-Metadata: values are Base64",
        "POST",
        ALL,
        {**BEGIN, "Upload-Metadata": "a fog!"},
        400,
    ),
    Must(
        "Creation, Upload-Metadata: a value may be empty",
        "POST",
        ALL,
        {**BEGIN, "Upload-Metadata": "a,b "},
        201,
        {},
        b"",
        B_TOUCH,
    ),
    Must(
        "Creation, Upload-Metadata: HEAD gives it back",
        "HEAD",
        ONE,
        TUS,
        200,
        {"Upload-Metadata": "name Zm9n"},
        touches=("GET /uploads/77",),
    ),
    Must(
        "Creation With Upload: Upload-Offset",
        "POST",
        ALL,
        {**BEGIN, **BYTES},
        201,
        {"Upload-Offset": "3"},
        FOG,
        (*B_TOUCH, *P_TOUCH),
    ),
    Must(
        "Creation With Upload: the media type's spelling",
        "POST",
        ALL,
        {**BEGIN, "Content-Type": "APPLICATION/offset+octet-stream;v=1"},
        201,
        {"Upload-Offset": "3"},
        FOG,
        (*B_TOUCH, *P_TOUCH),
    ),
    Must(
        "Creation With Upload: bytes of another type",
        "POST",
        ALL,
        {**BEGIN, "Content-Type": "image/jpeg"},
        415,
        {},
        FOG,
    ),
    Must("Creation With Upload: bytes of no type", "POST", ALL, BEGIN, 415, {}, FOG),
    Must(
        "Creation With Upload: a type without bytes",
        "POST",
        ALL,
        {**BEGIN, "Content-Type": "application/json"},
        201,
        {},
        b"",
        B_TOUCH,
    ),
    Must(
        "Expiration, Upload-Expires: in the reply to POST",
        "POST",
        ALL,
        BEGIN,
        201,
        {"Upload-Expires": EXPIRES},
        b"",
        B_TOUCH,
    ),
    Must(
        "Expiration, Upload-Expires: in each reply to PATCH",
        "PATCH",
        ONE,
        APPEND,
        204,
        {"Upload-Expires": EXPIRES},
        FOG,
        P_TOUCH,
    ),
    Must(
        "Checksum, Tus-Checksum-Algorithm: sha1 at least",
        "OPTIONS",
        ALL,
        {},
        204,
        {"Tus-Checksum-Algorithm": "sha1,sha256"},
    ),
    *(
        Must(
            f"Checksum, Upload-Checksum: {name} matches",
            "PATCH",
            ONE,
            {**APPEND, "Upload-Checksum": _sum_of(name, FOG)},
            204,
            {"Upload-Offset": "3"},
            FOG,
            P_TOUCH,
        )
        for name in ("sha1", "sha256")
    ),
    Must(
        "Checksum, Upload-Checksum: a mismatch is discarded",
        "PATCH",
        ONE,
        {**APPEND, "Upload-Checksum": _sum_of("sha1", b"sun")},
        460,
        {},
        FOG,
    ),
    Must(
        "Checksum, Upload-Checksum: another algorithm",
        "PATCH",
        ONE,
        {**APPEND, "Upload-Checksum": _sum_of("md5", FOG)},
        400,
        {},
        FOG,
    ),
    Must(
        "Checksum, Upload-Checksum: of the first bytes",
        "POST",
        ALL,
        {**BEGIN, **BYTES, "Upload-Checksum": _sum_of("sha1", b"sun")},
        460,
        {},
        FOG,
        (*B_TOUCH, "DELETE /uploads/77"),
    ),
    Must(
        "Checksum, Upload-Checksum: of bytes without their type",
        "POST",
        ALL,
        {**BEGIN, "Upload-Checksum": _sum_of("sha1", FOG)},
        415,
    ),
    Must(
        "Checksum, trailers: not offered",
        "PATCH",
        ONE,
        {**APPEND, "Trailer": "Upload-Checksum"},
        400,
        {},
        FOG,
    ),
    Must("Termination: 204", "DELETE", ONE, TUS, 204, {}, b"", ("DELETE /uploads/77",)),
    Must("Concatenation: not offered", "POST", ALL, {**BEGIN, "Upload-Concat": "partial"}, 400),
    Must(
        "Concatenation: nor a final upload",
        "POST",
        ALL,
        {**TUS, "Upload-Concat": "final;/v1/uploads/77"},
        400,
    ),
]
