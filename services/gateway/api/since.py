"""The query parameter of lists whose pages can be read upwards."""

from typing import Annotated

from fastapi import Query

from services.gateway.views.wire_types import ID_PATTERN

Since = Annotated[
    str | None,
    Query(
        pattern=ID_PATTERN,
        description="The id of a post that you have: the page right above it, to fill a gap."
        " A cursor is asked for with the same `since`, and leads upwards."
        " Of one that is no longer in the list you get the newest page; go on without `since`.",
    ),
]
