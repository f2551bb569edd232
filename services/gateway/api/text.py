"""The type of text in request bodies."""

from typing import Annotated

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError


def _encodable(text: str) -> str:
    # JSON can spell half a surrogate pair, which no service, database or reply can encode.
    try:
        text.encode()
    except UnicodeEncodeError:
        raise PydanticCustomError("not_unicode", "This is not Unicode text") from None
    return text


Text = Annotated[str, AfterValidator(_encodable)]
