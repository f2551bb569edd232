"""JSON replies with the headers that HTTP caches and pagers need."""

import zlib
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import orjson
from fastapi import Request, Response

from services.gateway.domain.pages import PageRequest

_JSON = "application/json"
# Each reply is for one viewer, so shared caches must not store it. A phone may, if it revalidates.
_REVALIDATE = "private, no-cache"


def conditional_reply(
    request: Request, data: Any, headers: Mapping[str, str] | None = None
) -> Response:
    """The data with an ETag, or an empty 304 if the client has the same bytes."""
    body = orjson.dumps(data)
    tag = _tag_of(body)
    named = {"ETag": tag, "Cache-Control": _REVALIDATE, **(headers or {})}
    if _is_known(request.headers.get("if-none-match"), tag):
        return Response(status_code=304, headers=named)
    return Response(body, headers=named, media_type=_JSON)


def private_reply(
    data: Any, status_code: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """The data, which no cache may store."""
    named = {"Cache-Control": "no-store", **(headers or {})}
    return Response(orjson.dumps(data), status_code, named, _JSON)


def link_to_next(request: Request, asked: PageRequest, next_cursor: str | None) -> dict[str, str]:
    """The Link header of a page; it is relative, so no Host header needs to be trusted."""
    if next_cursor is None:
        return {}
    query = urlencode({**asked.params(), "cursor": next_cursor})
    return {"Link": f'<{request.scope["raw_path"].decode()}?{query}>; rel="next"'}


def _tag_of(body: bytes) -> str:
    # Weak, because nginx may compress. Made of the bytes, because media addresses differ by viewer
    # and time window. Two checksums, because a digest takes seven times as long and the tag only
    # tells a viewer's page from their previous one.
    return f'W/"{len(body):x}-{zlib.crc32(body):08x}{zlib.adler32(body):08x}"'


def _is_known(if_none_match: str | None, tag: str) -> bool:
    if if_none_match is None:
        return False
    known = [part.strip() for part in if_none_match.split(",")]
    # The weak comparison of RFC 9110: W/ makes no difference.
    return "*" in known or tag in known or tag.removeprefix("W/") in known
