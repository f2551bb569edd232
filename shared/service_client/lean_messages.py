"""httpx requests and responses that are cheap to make, for calls between services.

httpx's constructors parse addresses and copy headers, which costs more than the rest of a call.
These classes keep the given parts, and parse them only on access.
"""

import re
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import httpx

RawHeaders = Sequence[tuple[bytes, bytes]]

# Targets that RFC 3986 allows unencoded; httpx encodes all others.
_SOUND_TARGET = re.compile(r"/[A-Za-z0-9\-._~!$&'()*+,;=:@/?%]*")


class LeanRequest(httpx.Request):
    """A request with a body of bytes; `raw_headers` must be complete, Content-Length included."""

    def __init__(
        self,
        method: str,
        origin: str,
        target: str,
        *,
        raw_headers: RawHeaders,
        content: bytes = b"",
        extensions: dict[str, Any],
    ) -> None:
        self.method = method
        self.raw_headers = raw_headers
        self.extensions = extensions
        self._address = origin + target
        self._target = target
        self._content = content

    def add_header(self, header: tuple[bytes, bytes]) -> None:
        """Send one more header from now on."""
        self.raw_headers = [*self.raw_headers, header]
        vars(self).pop("headers", None)

    @property
    def raw_target(self) -> bytes:
        """Path and query, percent-encoded."""
        if _SOUND_TARGET.fullmatch(self._target):
            return self._target.encode()
        return self.url.raw_path

    @cached_property
    def url(self) -> httpx.URL:  # type: ignore[override]
        """The parsed address."""
        return httpx.URL(self._address)

    @cached_property
    def headers(self) -> httpx.Headers:  # type: ignore[override]
        """The given headers in httpx's type."""
        return httpx.Headers(list(self.raw_headers))

    @cached_property
    def stream(self) -> httpx.ByteStream:  # type: ignore[override]
        """The body as httpx's stream."""
        return httpx.ByteStream(self._content)


class LeanResponse(httpx.Response):
    """A reply whose body has been read completely."""

    def __init__(self, status_code: int, raw_headers: RawHeaders, content: bytes) -> None:
        self.status_code = status_code
        self.extensions = {}
        self.history = []
        self.is_closed = self.is_stream_consumed = True
        self.default_encoding = "utf-8"
        self._raw_headers = raw_headers
        self._content = content
        self._request = None

    def has(self, header: tuple[bytes, bytes]) -> bool:
        """Whether the reply came with exactly this header."""
        return header in self._raw_headers

    @cached_property
    def headers(self) -> httpx.Headers:  # type: ignore[override]
        """The given headers in httpx's type."""
        return httpx.Headers(list(self._raw_headers))
