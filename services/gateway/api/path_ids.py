"""Ids and usernames in paths: an impossible one matches no route, which gives 404."""

from typing import Annotated

from fastapi import Path
from pydantic import WithJsonSchema
from starlette.convertors import Convertor, StringConvertor, register_url_convertor

from services.gateway.views.wire_types import ID_PATTERN

_ID_MAX = 2**63 - 1


class _IdConvertor(Convertor[int]):
    regex = ID_PATTERN.strip("^$")

    def convert(self, value: str) -> int:
        # Nineteen digits can exceed 63 bits; the result is then the last id, which nothing has.
        return min(int(value), _ID_MAX)

    def to_string(self, value: int) -> str:
        return str(value)


class _UsernameConvertor(StringConvertor):
    # Never only dots: the name becomes part of an internal path and must not climb in it.
    regex = "[A-Za-z0-9._]{0,29}[A-Za-z0-9_]"


class _ReceiptConvertor(StringConvertor):
    regex = r"[0-9a-z]{1,16}\.[A-Za-z0-9_-]{1,64}"


register_url_convertor("id", _IdConvertor())
register_url_convertor("username", _UsernameConvertor())
register_url_convertor("receipt", _ReceiptConvertor())

_ID_SCHEMA = WithJsonSchema({"type": "string", "pattern": ID_PATTERN})

UserId = Annotated[
    int, _ID_SCHEMA, Path(description="Id of a user.", examples=["493848221934518272"])
]
PostId = Annotated[
    int, _ID_SCHEMA, Path(description="Id of a post.", examples=["493848221934518291"])
]
CommentId = Annotated[
    int, _ID_SCHEMA, Path(description="Id of a comment.", examples=["493848221934518310"])
]
PhotoId = Annotated[
    int, _ID_SCHEMA, Path(description="Id of a photo.", examples=["493848221934518280"])
]
UploadId = Annotated[
    int, _ID_SCHEMA, Path(description="Id of an upload.", examples=["493848221934518290"])
]
SessionId = Annotated[
    int, _ID_SCHEMA, Path(description="Id of a session.", examples=["493848221934518275"])
]
ReceiptId = Annotated[
    str,
    Path(
        description="The receipt id from deleting the account.",
        examples=["6da7a3c1b000400.pW9v3Yw1rU0b2mC4xK7tZ5qLh8sNdE6g"],
    ),
]
UsernameInPath = Annotated[
    str, Path(description="A username; case does not matter.", examples=["alice"])
]
