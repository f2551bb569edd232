"""The Digest headers (RFC 9530), by which a sender states the hash of the bytes."""

import base64
import binascii
import hashlib
from typing import Annotated

from fastapi import Header

from shared.errors import BadRequest

_ALGORITHM = "sha-256"

ReprDigest = Annotated[
    str | None,
    Header(
        alias="Repr-Digest",
        max_length=500,
        description="SHA-256 of the picture's bytes (RFC 9530): they are taken only if they have "
        "it, and the same picture sent again within a day is the same photo.",
        examples=["sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:"],
    ),
]


def sha256_in(header: str | None, name: str = "Repr-Digest") -> bytes | None:
    """Return the header's SHA-256 digest, None without a header; raises BadRequest if it has none.

    Digests of other algorithms beside a SHA-256 are ignored, and so are parameters (RFC 9651).
    """
    if header is None:
        return None
    for member in header.split(","):
        algorithm, _, value = member.strip().partition("=")
        digest = _bytes_in(value.partition(";")[0])
        if algorithm == _ALGORITHM and len(digest) == hashlib.sha256().digest_size:
            return digest
    raise BadRequest(f"{name} must have a SHA-256: `sha-256=:` the digest in Base64 `:`.")


def _bytes_in(value: str) -> bytes:
    if not (len(value) > 1 and value[0] == value[-1] == ":"):
        return b""
    try:
        return base64.b64decode(value[1:-1], validate=True)
    except (binascii.Error, ValueError):
        return b""
