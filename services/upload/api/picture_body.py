"""Streams the picture out of a request's body, raw or in a form."""

from collections.abc import AsyncIterator
from typing import Any

from fastapi import Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from services.upload.actions.receive_photo import PICTURE_BYTES_MAX, PictureTooLarge
from services.upload.domain.picture_kinds import KindNotTaken
from shared.errors import BadRequest, FieldError, Invalid
from shared.faults import fault

FIELD = "file"
# Room for the boundaries and part headers around the picture.
WRAPPING_BYTES_MAX = 64 * 1024
BODY_BYTES_MAX = PICTURE_BYTES_MAX + WRAPPING_BYTES_MAX


def picture_in(request: Request) -> AsyncIterator[bytes]:
    """The picture's bytes as they arrive, with at most one chunk of the body in memory.

    Raises KindNotTaken unless the content type is multipart/form-data or image/*. Raises
    PictureTooLarge at once if the declared length exceeds the limit.
    """
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > BODY_BYTES_MAX:
        raise PictureTooLarge
    kind, options = parse_options_header(request.headers.get("content-type"))
    if kind == b"multipart/form-data":
        return _from_form(request, options.get(b"boundary"))
    if kind.startswith(b"image/"):
        return request.stream()
    raise KindNotTaken("Send the picture raw, with Content-Type image/…, or in a form.")


async def _from_form(request: Request, boundary: bytes | None) -> AsyncIterator[bytes]:
    if not boundary:
        raise BadRequest("The form names no boundary.")
    form = _Form(boundary)
    async for chunk in request.stream():
        for piece in form.feed(chunk):
            yield piece
    if not form.had_picture:
        raise Invalid(errors=[FieldError(FIELD, fault("missing"))])
    if not form.ended:
        raise BadRequest("The form is incomplete.")


class _Form:
    """Parses the parts of a form and extracts the bytes of the first one named `file`."""

    def __init__(self, boundary: bytes) -> None:
        self.had_picture = False
        self.ended = False
        self._in_picture = False
        self._header = bytearray()
        self._value = bytearray()
        self._part_name: bytes | None = None
        self._pieces: list[bytes] = []
        callbacks: Any = {
            "on_part_begin": self._on_part_begin,
            "on_header_field": self._on_header_field,
            "on_header_value": self._on_header_value,
            "on_header_end": self._on_header_end,
            "on_headers_finished": self._on_headers_finished,
            "on_part_data": self._on_part_data,
            "on_part_end": self._on_part_end,
            "on_end": self._on_end,
        }
        try:
            self._parser = MultipartParser(boundary, callbacks)
        except FormParserError as error:
            raise BadRequest("The form's boundary is too long.") from error

    def feed(self, chunk: bytes) -> list[bytes]:
        """The bytes of the picture in this chunk."""
        self._pieces = []
        try:
            self._parser.write(chunk)
        except FormParserError as error:
            raise BadRequest("The form cannot be read.") from error
        return self._pieces

    def _on_part_begin(self) -> None:
        self._part_name = None
        self._header.clear()
        self._value.clear()

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _on_header_end(self) -> None:
        if self._header.lower() == b"content-disposition":
            _, options = parse_options_header(bytes(self._value))
            self._part_name = options.get(b"name")
        self._header.clear()
        self._value.clear()

    def _on_headers_finished(self) -> None:
        self._in_picture = self._part_name == FIELD.encode() and not self.had_picture
        self.had_picture |= self._in_picture

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        if self._in_picture:
            self._pieces.append(data[start:end])

    def _on_part_end(self) -> None:
        self._in_picture = False

    def _on_end(self) -> None:
        self.ended = True
