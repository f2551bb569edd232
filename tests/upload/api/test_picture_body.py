"""A body holds a picture, or gives a client error, for any declared type."""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import pytest
from fastapi import Request
from hypothesis import example, given
from hypothesis import strategies as st

from services.upload.api.picture_body import picture_in
from services.upload.domain.picture_kinds import KindNotTaken
from shared.errors import BadRequest, Invalid


def _request(content_type: bytes, chunks: Iterable[bytes]) -> Request:
    messages = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks]
    coming = iter([*messages, {"type": "http.request", "body": b"", "more_body": False}])

    async def receive() -> Any:
        return next(coming)

    headers = [(b"content-type", content_type)]
    return Request({"type": "http", "method": "POST", "headers": headers}, receive)


def read(content_type: bytes, *chunks: bytes) -> bytes:
    async def gather() -> bytes:
        request = _request(content_type, chunks)
        return b"".join([piece async for piece in picture_in(request)])

    return asyncio.run(gather())


def form(boundary: bytes, content: bytes) -> bytes:
    head = b'Content-Disposition: form-data; name="file"; filename="a.jpg"'
    return b"--%b\r\n%b\r\n\r\n%b\r\n--%b--\r\n" % (boundary, head, content, boundary)


@pytest.mark.parametrize("characters", [1, 70, 256])
def test_a_form_is_read_with_a_boundary_of_any_length(characters: int) -> None:
    boundary = b"x" * characters
    said = b"multipart/form-data; boundary=" + boundary
    assert read(said, form(boundary, b"the picture")) == b"the picture"


def test_a_boundary_that_is_too_long_gives_a_client_error() -> None:
    boundary = b"x" * 257
    with pytest.raises(BadRequest):
        read(b"multipart/form-data; boundary=" + boundary, form(boundary, b"the picture"))


_TYPES = st.one_of(
    st.binary(max_size=80).map(lambda raw: b"multipart/form-data; boundary=" + raw),
    st.binary(max_size=80).map(lambda raw: b"multipart/form-data;" + raw),
    st.sampled_from([b"multipart/form-data", b"image/jpeg", b"image/", b"text/plain", b""]),
    st.binary(max_size=80),
)
_PARTS = st.lists(
    st.one_of(
        st.sampled_from(
            [b"--b\r\n", b"--b--\r\n", b"\r\n", b":", b"Content-Disposition: form-data; name="]
        ),
        st.sampled_from([b'"file"', b"file*=utf-8''%ff", b"\0", b"\xff", b"a" * 5_000]),
        st.binary(max_size=20),
    ),
    max_size=12,
)


@given(_TYPES, _PARTS)
@example(b"multipart/form-data; boundary=" + b"x" * 257, [b""])
@example(b"multipart/form-data; boundary=b; boundary*=utf-8''%ff", [b"--b\r\n"])
@example(b'multipart/form-data; boundary="', [b""])
def test_no_body_causes_a_server_error(content_type: bytes, chunks: list[bytes]) -> None:
    for said in (content_type, b"multipart/form-data; boundary=b"):
        with suppress(BadRequest, Invalid, KindNotTaken):
            read(said, *chunks)
