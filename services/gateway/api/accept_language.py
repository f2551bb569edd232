"""The language that a client prefers, for the messages that people get."""

from typing import Annotated

from fastapi import Header

AcceptLanguage = Annotated[
    str | None,
    Header(
        alias="Accept-Language",
        description="Messages are in English or Spanish.",
        max_length=200,
        examples=["es-MX, en;q=0.5"],
    ),
]
