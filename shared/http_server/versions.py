"""The query parameter by which a conditional write names the versions it accepts."""

from typing import Annotated

from fastapi import Query

VERSIONS_MAX = 20

Versions = Annotated[
    list[int] | None,
    Query(max_length=VERSIONS_MAX, description="Change it only in one of these versions."),
]
