"""Which versions of something a write may change."""

from typing import Annotated

from fastapi import Query

VERSIONS_MAX = 20

Versions = Annotated[
    list[int] | None,
    Query(max_length=VERSIONS_MAX, description="Change it only in one of these versions."),
]
