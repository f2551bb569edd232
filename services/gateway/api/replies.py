"""Replies with what HTTP caches and pagers need around the JSON."""

import zlib
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import orjson
from fastapi import Request, Response

from services.gateway.domain.pages import PageRequest

_JSON = "application/json"
# Everything is told to one viewer: no cache on the way may keep it. A phone may, if it asks again.
_REVALIDATE = "private, no-cache"


def conditional_reply(
    request: Request, data: Any, headers: Mapping[str, str] | None = None
) -> Response:
    """The data with an ETag, or 304 without it where the client has these very bytes."""
    body = orjson.dumps(data)
    tag = _tag_of(body)
    named = {"ETag": tag, "Cache-Control": _REVALIDATE, **(headers or {})}
    if _is_known(request.headers.get("if-none-match"), tag):
        return Response(status_code=304, headers=named)
    return Response(body, headers=named, media_type=_JSON)


def private_reply(
    data: Any, status_code: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """The data, to be kept by nobody."""
    named = {"Cache-Control": "no-store", **(headers or {})}
    return Response(orjson.dumps(data), status_code, named, _JSON)


def link_to_next(request: Request, asked: PageRequest, next_cursor: str | None) -> dict[str, str]:
    """The Link header of a page; relative to the address asked, so it needs to trust no Host."""
    if next_cursor is None:
        return {}
    query = urlencode({**asked.params(), "cursor": next_cursor})
    return {"Link": f'<{request.scope["raw_path"].decode()}?{query}>; rel="next"'}


def _tag_of(body: bytes) -> str:
    # Weak, because nginx may compress; of the bytes, because they differ by viewer and by window
    # of the media addresses, whatever version the object itself has. Two checksums, as a digest
    # takes seven times as long: it only tells a viewer's page from the one they had before.
    return f'W/"{len(body):x}-{zlib.crc32(body):08x}{zlib.adler32(body):08x}"'


def _is_known(if_none_match: str | None, tag: str) -> bool:
    if if_none_match is None:
        return False
    known = [part.strip() for part in if_none_match.split(",")]
    # The weak comparison of RFC 9110: with or without W/ is the same.
    return "*" in known or tag in known or tag.removeprefix("W/") in known
