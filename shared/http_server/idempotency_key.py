"""The Idempotency-Key header, and the hash that tells whether its body has changed."""

import hashlib
from collections.abc import Mapping
from typing import Annotated, Any

import orjson
from fastapi import Header

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        pattern=r"^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$",
        description="Send the same key again to get the same reply again instead of a second one.",
    ),
]


def body_hash(body: Mapping[str, Any]) -> bytes:
    """Return the SHA-256 of the body as JSON with sorted keys and no white space."""
    canonical = orjson.dumps(dict(body), option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)
    return hashlib.sha256(canonical).digest()
