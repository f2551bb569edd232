"""How the public API writes ids, times and addresses."""

from typing import Annotated

from pydantic import Field

# JavaScript numbers cannot hold 64-bit ids, so they travel as strings.
ID_PATTERN = "^[1-9][0-9]{0,18}$"

Id = Annotated[
    str,
    Field(
        pattern=ID_PATTERN,
        description="A 64-bit id in decimal digits.",
        examples=["493848221934518272"],
    ),
]
Time = Annotated[
    str,
    Field(
        json_schema_extra={"format": "date-time"},
        description="RFC 3339 in UTC, with milliseconds and `Z`.",
        examples=["2026-05-04T09:30:00.000Z"],
    ),
]
Version = Annotated[
    int,
    Field(
        ge=1,
        description='Grows with each change; `If-Match: "<version>"` changes only this one.',
        examples=[1],
    ),
]
MediaUrl = Annotated[
    str,
    Field(
        json_schema_extra={"format": "uri"},
        description="A signed address that expires: do not store it, fetch the object again.",
        examples=[
            "https://photos.example/media/renditions/493848221934518280/large-9f86d081884c7d65.jpg",
        ],
    ),
]
Username = Annotated[str, Field(examples=["alice"])]
DisplayName = Annotated[str, Field(examples=["Alice Moreau"])]
HiddenCount = Annotated[
    int,
    Field(
        description="How many entries of this page you may not see; counts include them.",
        examples=[0],
    ),
]
NextCursor = Annotated[
    str | None,
    Field(
        description="Pass it as `cursor` for the next page; null on the last one.",
        examples=["eyJiIjo0OTM4NDgyMjE5MzQ1MTgyNzJ9"],
    ),
]
