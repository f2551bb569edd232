"""The query parameter of lists whose pages can also be read upwards."""

from typing import Annotated

from fastapi import Query

from services.gateway.views.wire_types import ID_PATTERN

Since = Annotated[
    str | None,
    Query(
        pattern=ID_PATTERN,
        description="The id of a post that you have; you get the page directly above it."
        " Its cursor needs the same `since` and leads upwards."
        " If the post has left the list, you get the newest page; continue without `since`.",
    ),
]
