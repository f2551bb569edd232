"""The Idempotency-Key header, and the hash that tells whether its body has changed."""

import hashlib
from collections.abc import Mapping
from dataclasses import MISSING, asdict, fields
from typing import TYPE_CHECKING, Annotated, Any

import orjson
from fastapi import Header

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

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


def request_hash(request: "DataclassInstance") -> bytes:
    """Return the hash of the fields of a request that differ from their defaults.

    A field that a release adds with a default leaves the hashes of earlier requests as they were:
    a phone may repeat across an upgrade.
    """
    body = asdict(request)
    for field in fields(request):
        if field.default is not MISSING and body[field.name] == field.default:
            del body[field.name]
    return body_hash(body)


def body_hash(body: Mapping[str, Any]) -> bytes:
    """Return the SHA-256 of the body as JSON with sorted keys and no white space."""
    canonical = orjson.dumps(dict(body), option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)
    return hashlib.sha256(canonical).digest()
