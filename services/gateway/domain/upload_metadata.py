"""Upload-Metadata, a header of tus that clients of the draft send as well."""

import base64
import binascii

from shared.errors import BadRequest

_METADATA_CHARACTERS_MAX = 1_000


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
