"""The headers of uploads, for the document: what requests send and what replies tell."""

from typing import Any

from services.gateway.domain import tus, upload_draft


def _sent(name: str, about: str, example: str) -> dict[str, Any]:
    return {
        "name": name,
        "in": "header",
        "required": False,
        "description": about,
        "schema": {"type": "string"},
        "example": example,
    }


_EITHER = (
    _sent("Tus-Resumable", "`1.0.0`, if the request speaks tus.", tus.VERSION),
    _sent(
        upload_draft.VERSION_HEADER,
        "If the request speaks the IETF draft: its interop version, 3 to 8.",
        str(upload_draft.VERSIONS[-1]),
    ),
)
_BYTES = (
    _sent(
        "Upload-Checksum",
        "Of tus: `sha1` or `sha256`, a space, and the digest of this body in Base64.",
        "sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=",
    ),
    _sent(
        "Content-Digest",
        "SHA-256 of this body (RFC 9530).",
        "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:",
    ),
    _sent(
        "Upload-Complete",
        "Of the draft: `?1` if these are the last bytes, else `?0`.",
        "?1",
    ),
    _sent("Upload-Incomplete", "The opposite, in version 3 of the draft.", "?0"),
)
_LENGTH = _sent("Upload-Length", "The total number of bytes, at most 20 MB.", "3192044")
_METADATA = _sent(
    "Upload-Metadata",
    "Returned unchanged and not used otherwise.",
    "filename Zm9nLmpwZw==",
)
_OFFSET = _sent("Upload-Offset", "The offset of the first byte.", "1048576")
_BINARY = {"schema": {"type": "string", "format": "binary"}}
_BODY = {
    "required": False,
    "content": {tus.CONTENT_TYPE: _BINARY, upload_draft.CONTENT_TYPE: _BINARY},
}

ASKS: dict[str, Any] = {"parameters": [*_EITHER]}
BEGINS: dict[str, Any] = {
    "parameters": [*_EITHER, _LENGTH, _METADATA, *_BYTES],
    "requestBody": _BODY,
}
APPENDS: dict[str, Any] = {
    "parameters": [*_EITHER, _OFFSET, _LENGTH, *_BYTES],
    "requestBody": _BODY,
}


def progress(status: int, description: str) -> dict[int | str, Any]:
    """The reply that tells the progress, for `responses=`."""
    told = {
        "Upload-Offset": "The number of durable bytes.",
        "Upload-Expires": "Of tus: when the upload expires if nothing more arrives.",
        "Upload-Complete": "Of the draft: `?1` once all bytes are here.",
        "Upload-Limit": "Of the draft: sizes in bytes, and `max-age` in seconds.",
        "Photo-Id": "The photo's id, once all bytes are here.",
        "Repr-Digest": "SHA-256 of all bytes, once they are here (RFC 9530).",
    }
    headers = {
        name: {"description": about, "schema": {"type": "string"}} for name, about in told.items()
    }
    return {status: {"description": description, "headers": headers}}
